"""
Inputs to begin with, and inputs that were found to fail: the tests try all of them.
"""

from tests.fuzz.script import Act, Script, said

MESSAGES: tuple[bytes, ...] = (
    b"",
    b"\n",
    b"hello",
    b"\xef\xbb\xbffrom:ann|hi",
    b"from:ann|hi\r\n",
    b"from:ann|",
    b"from:ann|one\ntwo\r\nthree\rfour\x85five\xe2\x80\xa8six",
    b"from:ann|hi\n\n hi\n\t\n.",
    b"from:ann|from:bob|no\nconnect_request|bob||9001\nbob: no",
    b"from:ann|\x1b[2J\x00\x7f\xc2\x9b\xe2\x80\xae\xd8\x9c\xe2\x81\xa6",
    b"from:ann|\xff\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80\xe2\x80",
    b"from:" + b"x" * 64 + b"|" + b"\n" * 4000 + b".",
    b"from:from|hi",
    b"from:from:bob|hi",
    b"from:connect_request|bob||9001",
    b"from:leave_request|bob||9001",
    b"from:ann: yes|hi",
    b"from:ann:|: hi",
    b"from::|hi",
    b"from:\xef\xbd\x86rom|hi",
    b"from:ann\xef\xbc\x9a yes|hi",
    b"from:a\xef\xbd\x9cb|hi",
    b"from:\xc5\xbferver|hi",
    b"from:\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba|hi",
    b"from:\xc2\xa8|hi",
    b"from:a\xe2\x80\x8bnn|hi",
    b"from:" + b"a\xcc\x88" * 128 + b"|hi",
    b"connect_request|ann||9001",
    b"connect_request|ann|10.0.0.2|9001\n",
    b"connect_request|ann|localhost|9001",
    b"connect_request|ann|::ffff:10.0.0.2|9001",
    b"connect_request|ann|chat.example|9001",
    b"connect_request|ann|\x1b[2J\xe2\x80\xa9|9001",
    b"connect_request|ann||" + b"9" * 5000,
    b"connect_request|ann||\xd9\xa9",
    b"connect_request|ann||9001|ttl=1",
    b"connect_request|a\xffn||9001",
    b"leave_request|ann||9001",
    b"ann: hi\nann: ho\nann:",
    b": \n:",
    b"ann: hi\nbob: ho\n\nann:hi",
)

FOUND_MESSAGES: tuple[bytes, ...] = (
    # Escapes made the answer too long.
    b"connect_request|ann|" + "\u2066".encode() * 200 + b"|9001",
)

# Members by their ports: 9001 behaves well, 9002 resets at first, 9003 hangs, 9004 does not read,
# 9005 closes at once, 9006 answers, 9007 and 9008 reset, 9009 is a netcat in a loop, 9010 a hole,
# 9011 is not there.
_ANN = said(0, b"connect_request|ann||9001")
_BOB = said(1, b"connect_request|bob|10.0.0.3|9001")
_AWAY = said(0, b"connect_request|ann||9003")
_HI = said(0, b"from:ann|hi")
_HO = said(1, b"from:bob|ho")
_MANY = tuple(
    act for port in range(9002, 9012) for act in said(1, b"connect_request|m%d||%d" % (port, port))
)
_MANY_MORE = tuple(
    act for port in range(9001, 9012) for act in said(2, b"connect_request|n%d||%d" % (port, port))
)
_NETCAT = (Act("connect", 0), Act("write", data=b"from:ann|netcat\n"), Act("wait", 3))
_UNFINISHED = (Act("connect", 1), Act("write", data=b"from:bob|unfinished"))
_TOO_BIG = (Act("connect", 0), Act("write", data=b"x" * 9000), Act("wait", 1))
_MINUTE, _LONG = Act("wait", 7), Act("wait", 9)
_FORMATTED_TOO_BIG = b"from:" + b"x" * 64 + b"|" + b"\n" * 4000 + b"."

# Several at one moment.
_CROWD = (*_HI[:3] * 3, *_HO[:3] * 3, Act("wait", 1))

# Ann confirms, then moves to a listener that does not.
_HANGING = _ANN + _HO + _AWAY + _HO
_POISONED = _ANN + _HO + said(0, b"connect_request|ann||9007") + _HO

SCRIPTS: tuple[Script, ...] = (
    (),
    said(0),
    _HI,
    _ANN + _BOB + _HI + _HO,
    _ANN + _ANN + _AWAY + _HI + said(0, b"leave_request|ann||9003"),
    _ANN + said(0, b"connect_request|bob||9001") + said(1, b"from:bob|I am not"),
    _ANN + said(0, b"connect_request|bob||9003") + _AWAY + _HI,
    _ANN + said(1, b"connect_request|ann||9001") + said(1, b"leave_request|ann|10.0.0.2|9001"),
    said(0, b"from:", b"ann|h", b"i\n"),
    said(0, b"from:bystander|not me") + said(0, b"connect_request|bystander||9001"),
    said(0, b"connect_request|ann|10.0.0.9|9100") + said(1, b"connect_request|ann|10.0.0.1|8880"),
    said(0, b"connect_request|ann|desk|9001") + said(1, b"connect_request|bob|nowhere|9001"),
    said(2, b"connect_request|ann|localhost|9001") + said(3, b"connect_request|bob|::1|9001"),
    said(3, b"connect_request|ann|127.0.0.1|8880") + said(3, b"connect_request|ann||8880"),
    _NETCAT,
    (*_NETCAT, Act("write", data=b"more"), Act("wait", 3), Act("end")),
    (*_NETCAT[:2], Act("write", data=b"more\n"), Act("wait", 3), Act("end")),
    (Act("connect", 0), *(Act("wait", 3),) * 4, *_NETCAT[1:], Act("write", data=b"late")),
    (*_UNFINISHED, Act("reset"), Act("wait", 1)),
    (*_UNFINISHED, Act("close"), Act("wait", 1)),
    (Act("connect", 0), Act("write", data=b"nothing"), Act("close"), Act("wait", 1)),
    (*_UNFINISHED, _MINUTE, Act("end")),
    (*_TOO_BIG, Act("end")),
    (*_TOO_BIG, Act("wait", 6), Act("write", data=b"x")),
    (Act("connect", 0),) * 8 + (Act("wait", 3), Act("connect", 1), Act("end")),
    said(0, _FORMATTED_TOO_BIG),
    (*_MANY, *_HI, Act("wait", 5)),
    _MANY + said(0, b"from:ann|" + b"\n" * 300 + b".") + (_LONG, _LONG) + _HI,
    _MANY_MORE + _HI + _HO,
    _HI * 8 + _HO * 8,
    _HI * 14,
    _AWAY + _HO + said(0, b"leave_request|ann||9003") + _AWAY + _HO + said(0, b"from:bob|hu"),
    (*_ANN[:3], Act("wait", 10), *_BOB[:3], Act("wait", 10), *_HI[:3], Act("wait", 10), *_HO),
    (*_HANGING, _MINUTE, *_ANN, *_HO),
    (*_POISONED, _LONG, _LONG, *_ANN, *_HO),
    (*_ANN, *_MANY, *_HI, *_HI, Act("stop"), *_HI),
    (*_ANN, *_UNFINISHED, Act("stop")),
    (*_NETCAT, Act("stop")),
)

FOUND_SCRIPTS: tuple[Script, ...] = (
    # What was delivered just before the log dropped it was told as lost.
    (*(Act("wait", 2),) * 3, *_CROWD, *_CROWD),
    # Escapes made the answer too long.
    said(0, b"connect_request|ann|x" + "\u2028".encode() * 200 + b"x|9001"),
    # A stop just after a registration told of a log that could not be read.
    (
        Act("wait", -2),
        Act("connect", 1),
        Act("write", -1, b"connect_request|b|10.0.0.3|9001"),
        Act("end", -1),
        Act("connect", 0),
        Act("stop", -1),
    ),
    # All that one said is the first of two lines of another.
    (
        *(Act("connect", 0), Act("write", -1, b"from:ann|netcat\n")),
        Act("write", -1, b"from:ann|t\n"),
        *(Act("connect", 0), Act("write", -1, b"from:ann|netcat\n")),
    ),
    # Lines of Windows, one of them blank.
    (Act("connect", 0), Act("write", -1, b"from:n|\n\t\r\nt\n")),
    # A line of nothing but an ideographic space was kept.
    (Act("connect", 0), Act("write", -1, "from:x|\n\u3000\n".encode())),
)
