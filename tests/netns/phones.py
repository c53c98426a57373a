# SPDX-License-Identifier: BSD-3-Clause
"""
Phones that nobody here wrote: ffmpeg and GStreamer send a G.711 file and record what they hear, plain or with SRTP
of their own. Each function starts one for a Party that has been signalled; `sender` and `receiver` are Parties.
"""
import base64
import math
import os
import random
import time

from common import check, srtp_call, wait_for

FIRST_SEQ = 65400  # every call of more than three seconds crosses the wrap of the sequence number
FRAME = 160  # bytes of G.711 in 20 ms

# GStreamer's names of the ciphers that it has: rtp-cipher, rtp-auth.
GST_SUITES = {"AES_CM_128_HMAC_SHA1_80": ("aes-128-icm", "hmac-sha1-80"),
              "AES_CM_128_HMAC_SHA1_32": ("aes-128-icm", "hmac-sha1-32"),
              "AES_256_CM_HMAC_SHA1_80": ("aes-256-icm", "hmac-sha1-80"),
              "AES_256_CM_HMAC_SHA1_32": ("aes-256-icm", "hmac-sha1-32"),
              "AEAD_AES_128_GCM": ("aes-128-gcm", "null"), "AEAD_AES_256_GCM": ("aes-256-gcm", "null")}


def ulaw(sample):
    """G.711 mu-law byte of a 16-bit sample (ITU-T G.711, with the usual bias of 132)."""
    sign, magnitude = (0x80, -sample) if sample < 0 else (0, sample)
    magnitude = min(magnitude, 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 15) & 0xff


def make_audio(path, seconds=5, seed=1):
    """Writes a sliding tone with noise, no stretch of which comes twice; returns its bytes."""
    dice = random.Random(seed)
    out = bytearray()
    for n in range(int(seconds * 50) * FRAME):
        t = n / 8000
        out.append(ulaw(int(9000 * math.sin(2 * math.pi * (300 + 60 * t) * t) + dice.randint(-3000, 3000))))
    with open(path, "wb") as f:
        f.write(out)
    return bytes(out)


def ssrc_of(sender):
    return 0x10000 + sender.id


def start_bound(host, name, argv, port):
    """Starts a program and waits until it listens on a UDP port."""
    process = host.start(name, argv)
    wait_for(lambda: f"{name} to listen on {port}:\n{process.log()[-2000:]}",
             lambda: not process.running() or f":{port} " in host.run("ss", "-Hlun"), 20)
    check(process.running(), f"{name} ended:\n{process.log()[-2000:]}")
    return process


def ffmpeg_send(host, sender, path):
    """Sends the file once, in real time."""
    to = sender.remote
    secure = ["-srtp_out_suite", sender.srtp, "-srtp_out_params", sender.key] if sender.srtp else []
    url = (f"{'srtp' if sender.srtp else 'rtp'}://{to['address']}:{to['port']}?rtcpport={to['rtcp']}"
           f"&localport={sender.port}&localrtcpport={sender.port + 1}")
    return host.start(f"ffmpeg-send-{sender.id}", [
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "warning", "-re", "-f", "mulaw", "-ar", "8000", "-ac", "1",
        "-i", path, "-acodec", "copy", "-f", "rtp", "-seq", str(FIRST_SEQ), "-ssrc", str(ssrc_of(sender)), *secure, url])


def ffmpeg_receive(host, receiver, path):
    """Records what arrives until it is killed."""
    sdp_path = host.lab.path(f"ffmpeg-{receiver.id}.sdp")
    crypto = receiver.chosen() if receiver.srtp else None
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=call", f"c=IN IP4 {receiver.remote['address']}", "t=0 0",
             f"m=audio {receiver.port} RTP/{'SAVP' if crypto else 'AVP'} 0"]
    lines += [f"a=crypto:1 {crypto.suite} inline:{crypto.key}"] if crypto else []
    with open(sdp_path, "w", encoding="ascii") as f:
        f.write("\r\n".join(lines + [""]))
    return start_bound(host, f"ffmpeg-receive-{receiver.id}", [
        "ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "warning", "-protocol_whitelist", "file,rtp,srtp,udp,crypto",
        "-i", sdp_path, "-acodec", "copy", "-f", "mulaw", "-flush_packets", "1", path], receiver.port)


def _hex(key):
    return base64.b64decode(key + "=" * (-len(key) % 4)).hex()


def _rtcp_auth(auth):
    return auth.replace("sha1-32", "sha1-80")  # an SRTCP tag is never shortened (RFC 4568 section 6.2)


def gst_send(host, sender, path):
    """Sends the file once, in real time."""
    secure = []
    if sender.srtp:
        cipher, auth = GST_SUITES[sender.srtp]
        secure = ["!", "srtpenc", f"key={_hex(sender.key)}", f"rtp-cipher={cipher}", f"rtp-auth={auth}",
                  f"rtcp-cipher={cipher}", f"rtcp-auth={_rtcp_auth(auth)}"]
    return host.start(f"gst-send-{sender.id}", [
        "gst-launch-1.0", "-q", "filesrc", f"location={path}", f"blocksize={FRAME}", "!", "rawaudioparse",
        "format=mulaw", "sample-rate=8000", "num-channels=1", "!", "rtppcmupay", f"ssrc={ssrc_of(sender)}",
        f"seqnum-offset={FIRST_SEQ}", "min-ptime=20000000", "max-ptime=20000000", *secure, "!", "udpsink",
        f"host={sender.remote['address']}", f"port={sender.remote['port']}", f"bind-port={sender.port}"])


def gst_receive(host, receiver, path):
    """Records what arrives until it is killed."""
    kind, secure = "application/x-rtp", []
    caps = ["media=(string)audio", "clock-rate=(int)8000", "encoding-name=(string)PCMU", "payload=(int)0"]
    if receiver.srtp:
        kind, secure = "application/x-srtp", ["!", "srtpdec"]
        cipher, auth = GST_SUITES[receiver.srtp]
        caps += [f"ssrc=(uint){ssrc_of(receiver.other)}", f"srtp-key=(buffer){_hex(receiver.chosen().key)}"]
        caps += [f"{way}-{what}=(string){name}" for way in ("srtp", "srtcp")
                 for what, name in (("cipher", cipher), ("auth", auth if way == "srtp" else _rtcp_auth(auth)))]
    return start_bound(host, f"gst-receive-{receiver.id}", [
        "gst-launch-1.0", "-q", "udpsrc", f"port={receiver.port}", f"caps={', '.join([kind] + caps)}", *secure,
        "!", "rtppcmudepay", "!", "filesink", f"location={path}", "buffer-mode=unbuffered"], receiver.port)


PHONES = {"ffmpeg": (ffmpeg_send, ffmpeg_receive), "gstreamer": (gst_send, gst_receive)}


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def compare(sent, heard, what):
    """Every byte that was sent is heard once and in order."""
    if heard == sent:
        return
    at = sent.find(heard[:FRAME]) if len(heard) >= FRAME else -1
    same = next((n for n, (s, h) in enumerate(zip(sent[max(at, 0):], heard)) if s != h), min(len(sent), len(heard)))
    check(False, f"{what}: {len(sent)} bytes of audio sent, {len(heard)} heard; what is heard begins at byte {at} "
                 f"and is right for {same} bytes")


class OneWay:
    """
    A file on its way from one party to the other: begins at once; check() waits for the end and compares what is
    heard. hosts and kinds ("ffmpeg", "gstreamer"): of sender and receiver.
    """

    def __init__(self, hosts, sender, receiver, kinds, seconds=5):
        lab = hosts[0].lab
        self.name = " to ".join(f"{kind} {party.srtp or 'plain'}" for kind, party in zip(kinds, (sender, receiver)))
        self.record = lab.path(f"heard-{receiver.id}.ul")
        self.seconds = seconds
        source = lab.path(f"sent-{sender.id}.ul")
        self.sent = make_audio(source, seconds, seed=sender.id)
        self.listening = PHONES[kinds[1]][1](hosts[1], receiver, self.record)
        self.talking = PHONES[kinds[0]][0](hosts[0], sender, source)

    def check(self):
        status = self.talking.popen.wait(self.seconds + 40)
        check(status == 0, f"{self.talking.name} ended with status {status}:\n{self.talking.log()[-2000:]}")
        end = time.monotonic() + 5
        while size_of(self.record) < len(self.sent) and time.monotonic() < end:
            time.sleep(0.05)
        # Both write at once what they hear, and ffmpeg would take ten seconds to end by itself.
        self.listening.kill()
        self.listening.popen.wait(20)
        with open(self.record, "rb") as f:
            compare(self.sent, f.read(), self.name)
        print(f"{self.name}: {len(self.sent)} bytes, all right", flush=True)


def phone_calls(net, ng, cases):
    """
    A call for each case (kind of a, suite of a, kind of b, suite of b, "a" or "b": who speaks), all at once. Suite
    None: plain.
    """
    hosts, ways, calls = {"a": net.a, "b": net.b}, [], []
    for i, (kind_a, suite_a, kind_b, suite_b, speaker) in enumerate(cases):
        call = srtp_call(net, ng, f"phones-{i}", (suite_a, suite_b), port=50000 + 4 * i)
        ends = [("a", call.a, kind_a), ("b", call.b, kind_b)]
        speaks, hears = ends if speaker == "a" else ends[::-1]
        calls.append(call)
        ways.append(OneWay((hosts[speaks[0]], hosts[hears[0]]), speaks[1], hears[1], (speaks[2], hears[2])))
    for way in ways:
        way.check()
    for call in calls:
        call.delete()
