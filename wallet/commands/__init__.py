"""The wallet's commands by theme; `wallet.cli` lists them."""
