# SPDX-License-Identifier: MIT
"""HTML elements. Every text is escaped unless element() made it: forgetting to escape is impossible.

What an input or a crash says may hold anything. Characters that are not seen, or that turn the
direction of writing around, are shown as escapes, so that no text can look like another.

Tests: tests/cli/test_report.py
"""

import html
import unicodedata

# Controls, formats (they turn the direction of writing), surrogates, line and paragraph separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_VOID = {"meta"}


class Markup(str):
    """Text that is HTML already."""


def _visible(character):
    if character in "\n\t" or unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def escape(text):
    return Markup(html.escape("".join(map(_visible, str(text)))))


def join(parts):
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def element(name, /, *content, **attributes):
    """<name attribute="...">content</name>. An underscore in an attribute's name is a hyphen there,
    one at its end goes away (class_); attributes that are None are left out."""
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
                    for key, value in attributes.items() if value is not None)
    end = "" if name in _VOID else f"{join(content)}</{name}>"
    return Markup(f"<{name}{words}>{end}")
