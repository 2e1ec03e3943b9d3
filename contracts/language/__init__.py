"""The contract language: a checked subset of Python, compiled to Python with counters.

caps (before any parser sees the source) < forms (declared types) < declarations (what the file declares) <
checker (syntax, and rules between methods) < expressions < calls < compiler (code with counters). helpers and meter are
what that code runs on; vocabulary has what a method can name besides its own declarations.

Never a list of forbidden things: every published escape from such a box walked through a name that somebody forgot.
"""
