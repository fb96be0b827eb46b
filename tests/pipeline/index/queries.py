"""Queries that every back end must answer alike: each operator, field and kind of word, and what is refused."""

from itertools import product

_WORDS = """
truce | Truce | TRUCE | the | of | not-signed | signed | envoys | envoy | talks | talk | talking | thirty | 30 | 50 | ５０ | 1,000 | 1000
1000000 | 3.5 | 3 | 5 | 2025 | 2025-03-18 | p.m. | pm | U.S. | US | us | u.s | Kyiv | Kiev | KIEV | Kyiv's | Kyiv’s | Zelensky
Zelenskyy | Zelenskiy | Zelenskyi | ceasefire | cease-fire | Cease‑fire | cease fire | fire | e-mail | email | O'Brien | obrien | O’Brien
Brien | Élysée | elysee | l'Élysée | L’Élysée | trêve | treve | Łodzi | lodzi | żołnierze | zolnierze | Straße | strasse | STRASSE | hält | halt
Außenminister | aussenminister | días | dias | mar Negro | Жителі | жителі | Києва | київ | перемир'я | перемирʼя | перемир’я | обʼєднання
об'єднання | Москва | москву | Москве | отвергла | отвергнуть | ёлочном | елочном | Песков | 停火 | 停 | 停火协议 | 火停 | Ｆｕｌｌ | full | agency
rejects | rejected | rejecting | rejection | reject | Odessa | Odesa | Kharkov | Kharkiv | Zaporizhzhya | Zaporizhzhia | Zaporozhye | Black Sea
be | war | nothing-like-this | zzzz | co | & war | truce – war | truce - war | 'power line' | agreement signed | silent guns fall
"""
_PHRASES = """
"power line" | "power lines" | "Power Line" | “power line” | „power line“ | «power line» | "line power" | "a power line to" | "cease fire"
"cease-fire" | "round of talks" | "rounds of talk" | "US officials" | "U.S. said" | "the U.S." | "not signed" | "to be or not to be"
"the and of an in on" | "O'Brien & Co" | "5 p.m." | "3.5 breaches" | "1,000 prisoners" | "1000 prisoners" | "Kiev and Moscow" | "Kyiv and Moscow"
"停火协议" | "обʼєднання сил" | "перемир'я обʼєднання" | "Ｆｕｌｌ－ｗｉｄｔｈ ５０" | "full width 50" | "fire" | "" truce | "trêve de 30 jours"
"treve de 30" | "quote \\" inside" | "Gdzie indziej" | "title and text" | "signed the guns" | "missile missile"
"""
_WILDCARDS = """
truc* | tru?e | reje* | rej*ed | re*ing | rejec???? | kiev* | kyi* | kie? | zelensk* | Zelenskiy* | zaporiz*ia | zaporozh* | пере* | моск?а
обʼєд* | об'єд* | łod* | straß* | stras?e | 10* | 100? | title:truc* | text:rej*d | name:zel* | name:put?n | place:ist* | place:az?v | кия*
full* width | truce* NOT kyi* | (tru* OR war*) ceas*
"""
_FIELDS = """
title:truce | title:(truce OR ceasefire) | title:"power line" | text:truce | text:(rejects AND plan) | title:truce text:kyiv | -title:truce text:truce
name:putin | name:"Vladimir Putin" | name:(putin OR trump) | name:zelenskiy | name:"Putin Donald" | name:"Trump Rafael" | name:* | -name:*
place:kyiv | place:kiev | place:"Black Sea" | place:sea | place:* | place:"Kyiv Istanbul"
actor:russia | actor:Russia | actor:RUSSIA | actor:moscow | actor:"the Kremlin" | actor:us | actor:U.S. | actor:"United States" | actor:eu | actor:Україна
actor:turkiye | actor:(us OR eu) | actor:(us AND russia) | actor:(russia NOT ukraine) | actor:united-* | actor:* | NOT actor:* | actor:russia actor:ukraine
issue:znpp | issue:zaporizhzhia-plant | issue:ZAES | issue:POWs | issue:(prisoners OR black-sea) | issue:us-* | -issue:war-other | issue:*
development:rejected | development:refused | development:deal | development:(accepted OR rejected) | development:talks-* | development:*
detail:planned | detail:called-off | detail:* | detail:(planned OR ended) | -detail:*
by:russia | by:moscow | by:other | by:(russia AND ukraine) | by:(russia OR ukraine) | by:* | -by:* | against:ukraine | against:other | against:*
outlet:"Kyiv Courier" | outlet:"kyiv courier" | outlet:"kiev courier" | outlet:kyiv | outlet:kyi* | outlet:"The Moscow Bulletin" | outlet:"Moscow Bulletin"
outlet:moscow* | outlet:вісник | outlet:gazeta* | outlet:"gazeta lodzka" | outlet:str* | outlet:"Straße & Markt" | outlet:*
owner:"Courier Media" | owner:"state press holding" | owner:lodz* | owner:"S&M" | side:ukraine | side:third-party | side:Third-Party | side:(ukraine OR russia)
control:state | control:(public OR exile) | country:UA | country:ua | country:(PL OR DE) | kind:news | kind:official-channel | kind:opinion
form:report | form:live-blog | form:(round-up OR explainer) | -form:opinion | language:en | language:UK | language:(uk OR ru) | language:pl
tag:watch | tag:"prisoner swap" | tag:prisoner | tag:Prison* | tag:swap | tag:кур'єр | tag:* | -tag:* AND kyiv | tag:none
feed:kyiv-courier | feed:"kyiv courier" | feed:kyiv* | feed:вісник | story:story-3 | story:"story-3" | story:(story-1 OR story-2) | story:* | story:none
thread:thread-2 | thread:* | -thread:* | thread:(thread-1 OR thread-5) -story:story-1
is:copy | is:uncertain | is:corrected | is:disputed | is:(copy AND uncertain) | -is:copy | is:* | IS:COPY | Actor:russia
"""
_TIMES = """
published:2025-02-14 | published:2025-02 | published:2025 | published:2024 | seen:2025-02-14 | published:[2025-02-01 TO 2025-02-10]
published:[2025-02-01 to 2025-02-10] | published:{2025-02-01 TO 2025-02-10} | published:[2025-02-01 TO 2025-02-10} | published:[* TO 2025-02-10]
published:[2025-02-10 TO *] | published:[* TO *] | published:>2025-03-01 | published:>=2025-03-01 | published:<2025-03-01 | published:<=2025-03-01
published:[2025-02-14T06:00 TO 2025-02-14T18:00] | published:["2025-02-14T06:00+02:00" TO 2025-02-14T18:00Z] | published:>=2025-03-01T12:00:00Z
published:7d | published:24h | published:4w | published:90min | published:yesterday | published:today | published:[now-7d TO now] | published:>=now-3d
published:[yesterday-2d TO yesterday] | seen:[2025-01-31 TO 2025-02-02] | seen:>now-1w | published:2025-02-14 OR published:2025-02-16 | -published:2025-02
published:(2025-02-14 OR 2025-02-15) | published:* | seen:[2025-02-01 TO 2025-02-28] published:<2025-02-10 | published:2025-02-14T00:00
"""
_TREES = """
truce ceasefire | truce AND ceasefire | truce and ceasefire | truce OR ceasefire | truce or ceasefire | truce || ceasefire | truce && ceasefire
NOT truce | not truce | -truce | !truce | truce NOT kyiv | truce -kyiv | truce AND NOT kyiv | truce OR NOT kyiv | NOT truce OR kyiv | NOT (truce OR kyiv)
NOT truce NOT kyiv | NOT NOT truce | -(-truce) | +truce +kyiv | +truce -kyiv | truce kyiv OR war | truce OR kyiv war | truce OR kyiv AND war
truce AND kyiv OR war AND sea | (truce OR kyiv) war | truce (kyiv OR war) -sea | ((truce)) | (truce OR (kyiv AND (war OR (sea AND NOT mines))))
NOT (NOT (truce)) | truce OR actor:russia | truce actor:russia | truce OR -actor:russia | (actor:russia OR truce) -(issue:prisoners OR war)
actor:russia OR published:2025-02-14 | (NOT actor:russia) OR (NOT truce) | * | * -truce | -* | truce OR * | *:* | (* AND truce) OR -is:copy
is:copy OR thread:* OR name:putin | "power line" OR "cease fire" -"not signed" | (truce) (kyiv) | title:(truce -kyiv) | title:(-truce) | not not not war
"""
_POSITIONS = """
(by:russia AND development:rejected) | by:russia AND development:rejected | (by:russia development:rejected) | (by:us AND against:russia)
(by:russia AND development:rejected AND against:ukraine) | (by:russia AND (development:rejected OR development:accepted))
(by:russia AND NOT development:rejected) | (NOT by:russia AND development:rejected) | (NOT by:* AND development:rejected)
(by:* AND detail:*) | (development:talks-announced AND detail:called-off) | (development:deal-reached AND (detail:ended OR detail:concluded))
(by:russia AND development:rejected) AND (by:ukraine AND development:accepted) | ((by:russia AND development:rejected) AND (by:ukraine AND development:accepted))
(by:russia AND development:rejected) OR (by:ukraine AND development:accepted) | NOT (by:russia AND development:rejected) | -(by:us AND development:talks-held)
(by:(russia OR ukraine) AND development:rejected) | (by:(russia AND ukraine) AND development:talks-held) | (by:russia AND actor:us AND development:rejected)
(by:russia AND development:rejected AND truce) | (by:russia AND development:rejected) truce -is:copy | (development:rejected AND development:accepted)
(development:rejected AND NOT development:accepted) | (by:russia AND (development:rejected OR (development:deal-reached AND detail:ended)))
(by:russia OR development:rejected) | (by:russia AND -against:*) | (NOT (by:russia) AND NOT (development:rejected)) | (by:other AND against:other)
(by:moscow AND development:deal) | (against:ukraine AND development:attack-reported AND published:2025-02) | (detail:planned AND detail:ended)
"""
_REFUSED = """
* AND | AND truce | truce OR | (truce | truce) | ( | ) | () | "truce | truce~ | truce~2 | "power line"~3 | truce^2 | /tru.*/ | *ruce | ?ruce
t* | t?uce | e-m* truce | ??? | u.s.* | cease-f* | foo:bar | actors:russia | actor:rusia | actor:narnia | issue:unknown | by:nobody | detail:maybe | is:funny | side:left
control:none | kind:blog | form:poem | language:english | country:ukraine | title:[a TO b] | actor:[a TO b] | >5 | published:[2025-02-01 2025-02-02]
published:[2025-03-01 TO 2025-02-01] | published:2025-13-01 | published:2025-02-30 | published:soon | published:20*  | published:[* TO | story:sto*
actor: | title:x:y | actor:(issue:prisoners) | - | " " | & | NOT | NOT NOT | a AND OR b | truce \\ | seen:] | tru"ce" | [1 TO 2] | http://example.org | truce"
outlet:* OR *foo | actor:"" | outlet:"" | by:russia~ | {truce} | published:0000-01-01
"""


def _listed(rows: str) -> list[str]:
    return [query.strip() for row in rows.strip().splitlines() for query in row.split(" | ") if query.strip()]


def _combined() -> list[str]:
    left = (
        "truce",
        '"power line"',
        "actor:russia",
        "kiev*",
        "(by:us AND development:rejected)",
        "published:2025-02",
    )
    right = ("war", "issue:prisoners", "-is:copy", "name:putin", "thread:*")
    return [
        f"{one} {joined} {other}".replace("  ", " ")
        for one, joined, other in product(left, ("AND", "OR"), right)
    ]


ANSWERED: list[str] = [
    *_listed(_WORDS),
    *_listed(_PHRASES),
    *_listed(_WILDCARDS),
    *_listed(_FIELDS),
    *_listed(_TIMES),
    *_listed(_TREES),
    *_listed(_POSITIONS),
    *_combined(),
]
REFUSED: list[str] = _listed(_REFUSED)
