"""Names that must stay text wherever they are shown."""

from __future__ import annotations

NAMES = {
    "script": "<script>alert(1)</script>",
    "closing": "</script></style></svg></title><b>x",
    "handler": '"><img src=x onerror=alert(1)>',
    "attribute": "' onmouseover='alert(1)' x='",
    "braces": "{{ 7 * 7 }}{% raw %}${alert(1)}#{x}",
    "cdata": "]]><![CDATA[<x/>]]>",
    "comment": "--><!-- &lt;&#60; &amp",
    "link": "javascript:alert(1)",
    "expression": "datum['row'] || 1; */ \\'",
    "bidi": "abc\u202e\u2066gnp.exe\u2069",
    "control": "a\x00b\x1b[31mc\nd\x85e\ufffef",
    "long": "m" + "o" * 198 + "l",
    "emoji": "🦙👩‍👩‍👧 llama",
    "arabic": "نموذج اللغة الكبير",
}
