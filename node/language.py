"""The words of the one language that this person reads (`ledger.language` has the rule), and faults in both."""

from __future__ import annotations

import errno
import os
from typing import Final

from ledger.language import language_in


def language() -> str:
    return language_in(os.environ)


def words(zh: str, en: str) -> str:
    """The one of the two that this person reads."""
    return zh if language() == "zh" else en


class Unusable(Exception):  # noqa: N818 — the operator's matter, no error of the program
    """Something of the operator's that cannot be used: what, where and what to do, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


_REASONS: Final = {
    errno.ENOENT: "文件或目录不存在",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EEXIST: "已存在",
    errno.EISDIR: "是目录",
    errno.ENOTDIR: "不是目录",
    errno.ENOSPC: "磁盘已满",
    errno.EADDRINUSE: "地址已被占用",
    errno.EADDRNOTAVAIL: "本机没有该地址",
}


def reason_of(error: OSError | ValueError) -> tuple[str, str]:
    """Why a file or an address cannot be used, in Chinese and English, as far as the system says."""
    if isinstance(error, UnicodeDecodeError):
        return "不是 UTF-8 文本", "not UTF-8 text"
    if isinstance(error, OSError) and error.errno is not None:
        en = error.strerror or str(error)
        return _REASONS.get(error.errno, f"系统错误 {error.errno}"), en
    return f"格式错误：{error}", str(error)
