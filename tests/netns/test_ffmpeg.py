#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
ffmpeg, whose SRTP is its own code, sends and records G.711 through the relay: SRTP to plain RTP, plain RTP to SRTP,
SRTP to SRTP with one suite and with two. Each byte of audio arrives, in order, whatever RTCP ffmpeg sends beside it.
Argument: the relay's engine (default auto).
"""
from common import main, start_relay, two_networks, wait_idle
from phones import phone_calls

LONG, SHORT = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"  # all that ffmpeg has

CASES = [("ffmpeg", None, "ffmpeg", None, "a"),
         ("ffmpeg", LONG, "ffmpeg", None, "a"),
         ("ffmpeg", LONG, "ffmpeg", None, "b"),
         ("ffmpeg", SHORT, "ffmpeg", None, "a"),
         ("ffmpeg", SHORT, "ffmpeg", None, "b"),
         ("ffmpeg", None, "ffmpeg", LONG, "a"),
         ("ffmpeg", None, "ffmpeg", LONG, "b"),
         ("ffmpeg", LONG, "ffmpeg", LONG, "a"),
         ("ffmpeg", LONG, "ffmpeg", SHORT, "a"),
         ("ffmpeg", LONG, "ffmpeg", SHORT, "b")]


def test(lab, engine="auto"):
    net = two_networks(lab)
    relay = start_relay(net, dataplane_options=["--srtp-engine", engine])
    with relay.ng() as ng:
        phone_calls(net, ng, CASES[:5])
        phone_calls(net, ng, CASES[5:])
        wait_idle(ng)


main(test)
