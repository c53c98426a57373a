#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
GStreamer sends and records G.711 through the relay with every suite that its srtpenc has: SRTP to plain RTP, plain RTP
to SRTP, SRTP to SRTP with one suite and with two, and with ffmpeg at the other end. Each byte of audio arrives, in
order. Argument: "plain" (one leg is plain RTP) or "both".
"""
from common import main, start_relay, two_networks, wait_idle
from phones import GST_SUITES, phone_calls

GST = "gstreamer"
CM, CM_SHORT, GCM, GCM_LONG = ("AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32", "AEAD_AES_128_GCM",
                               "AEAD_AES_256_GCM")

CASES = {
    "plain": [(GST, suite, GST, None, speaker) for suite in GST_SUITES for speaker in "ab"],
    "both": [(GST, CM, GST, CM, "a"), (GST, GCM, GST, GCM, "b"), (GST, GCM_LONG, GST, CM_SHORT, "a"),
             (GST, GCM_LONG, GST, CM_SHORT, "b"), (GST, None, GST, GCM, "a"), (GST, None, GST, GCM, "b"),
             (GST, CM, "ffmpeg", CM, "a"), (GST, CM, "ffmpeg", CM, "b"), ("ffmpeg", CM, GST, GCM_LONG, "a"),
             ("ffmpeg", CM, GST, GCM_LONG, "b")],
}


def test(lab, legs):
    net = two_networks(lab)
    relay = start_relay(net)
    cases = CASES[legs]
    with relay.ng() as ng:
        for some in (cases[:6], cases[6:]):
            phone_calls(net, ng, some)
        wait_idle(ng)


main(test)
