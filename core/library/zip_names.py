"""What the members of a zip are called, in whatever code their names are written.

A zip says of each name only whether it is UTF-8 (bit 11, APPNOTE.TXT 4.4.4); otherwise it should be code page 437, but
macOS writes UTF-8 all the same, and Windows the code page of its country.
"""

import unicodedata
import zipfile
from collections.abc import Sequence
from typing import Final

_UTF8: Final = 0x800  # the flag of a name in UTF-8
_AS_STATED: Final = "cp437"
_JAPANESE: Final = "cp932"
_KANA: Final = ("HIRAGANA", "KATAKANA", "CJK UNIFIED", "IDEOGRAPHIC", "FULLWIDTH")


def member_names(members: Sequence[zipfile.ZipInfo]) -> list[str]:
    """The names of members, those without the flag in the one code that reads them all.

    That is UTF-8 where they are valid UTF-8; code page 437 where this gives letters of Western Europe; that of Japanese
    Windows (932) where this gives Japanese; else 437 as the zip states.
    """
    unstated = [member.filename for member in members if not member.flag_bits & _UTF8]
    code = _code_of([name for name in unstated if not name.isascii()])
    return [
        member.filename if member.flag_bits & _UTF8 else member.filename.encode(_AS_STATED).decode(code)
        for member in members
    ]


def _code_of(names: Sequence[str]) -> str:
    """The code of names that were read as code page 437."""
    raw = [name.encode(_AS_STATED) for name in names]
    if _reads("utf-8", raw) is not None:
        return "utf-8"
    if all(_is_western(sign) for name in names for sign in name):
        return _AS_STATED
    japanese = _reads(_JAPANESE, raw)
    return _JAPANESE if japanese is not None and _is_japanese(japanese) else _AS_STATED


def _reads(code: str, raw: Sequence[bytes]) -> str | None:
    """What names are in a code, one after the other; None where one is none."""
    try:
        return "".join(name.decode(code) for name in raw)
    except UnicodeDecodeError:
        return None


def _is_western(sign: str) -> bool:
    return sign.isascii() or unicodedata.name(sign, "").startswith("LATIN")


def _is_japanese(text: str) -> bool:
    """Whether what is written in it are kana and kanji: bytes of another code give half-width kana or Greek."""
    letters = [sign for sign in text if not sign.isascii() and unicodedata.category(sign)[0] in "LM"]
    whole = sum(unicodedata.name(sign, "").startswith(_KANA) for sign in letters)
    half = sum(unicodedata.name(sign, "").startswith("HALFWIDTH KATAKANA") for sign in letters)
    return whole > half and whole + half == len(letters)
