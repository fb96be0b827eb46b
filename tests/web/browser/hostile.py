"""A feed that tries what feeds can try: script, quotes, other tags, letters that turn the line round, endless titles."""

from xml.sax.saxutils import escape

TITLES = (
    "Ceasefire <script>alert('title')</script> talks <img src=x onerror=alert(2)> in Geneva",
    "Ceasefire \"onmouseover=alert(3) x='\" style='position:fixed;inset:0' talks",
    "Ceasefire \u202egnp.exe\u202c \u2066hidden\u2069 talks \u200f\u200b\u0301\u0301\u0301",
    "Ceasefire {{ 7 * 7 }} {% raw %} ${7*7} talks </title></style></textarea>-->",
    "Ceasefire " + "talks" * 2000,
    '=HYPERLINK("https://evil.example","Ceasefire") talks',
)
TEXT = (
    "Russia rejects the ceasefire, an envoy said in Geneva. <script>alert(4)</script>"
    '<iframe srcdoc="<script>alert(5)</script>"></iframe><svg onload=alert(6)><form action="https://evil.example">'
    '<a href="javascript:alert(7)">talks</a> <style>body{display:none}</style> &lt;script&gt;alert(8)&lt;/script&gt;'
)
LINKS = (
    "javascript:alert(9)",
    "data:text/html,<script>alert(10)</script>",
    'https://hostile.example/a"onclick=alert(11)',
    "JaVaScRiPt:alert(12)",
    "https://hostile.example/?q=<script>alert(13)</script>",
    "vbscript:alert(14)",
)
FEED = """
[[feed]]
url = "file://{folder}/more.xml"
outlet = "Owl & <b>Sons</b> \\"Ltd\\""
name = "hostile"
owner = "<img src=x onerror=alert(1)>"
country = "IT"
side = "third-party"
language = "en"
kind = "news"
"""


def document() -> str:
    """The feed as RSS."""
    items = "".join(
        f"<item><title>{escape(title)}</title><guid isPermaLink='false'>hostile-{number}</guid>"
        f"<link>{escape(LINKS[number])}</link>"
        f"<pubDate>Tue, 18 Mar 2025 10:{number:02}:00 +0000</pubDate><description>{escape(TEXT)}</description></item>"
        for number, title in enumerate(TITLES)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Hostile</title>'
        f"<link>https://hostile.example/</link><description>x</description>{items}</channel></rss>"
    )
