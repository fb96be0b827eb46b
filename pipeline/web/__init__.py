"""The analysts' page: search, follow and correct, in a browser.

    access ── guard ──► routing ──► views/ (one a page: read the request, call one function, show the result)
    who may come in     Visit       │
                                    ├─ shown/   what a template shows, out of what was read: pure
                                    └─ pages    the templates and their filters

Every view calls what the command line calls; nothing here knows which database or index stands behind it.
"""
