/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packets that rtpwire-peer exchanges: real RTP (G.711, 20 ms), RTCP and UDPTL datagrams whose payload
 * names the sending stream, the packet's number and the time it was sent, so that the receiver can tell
 * what was lost, doubled, reordered, given to the wrong call or changed. Pure; any thread.
 */
#ifndef RTPWIRE_PEER_WIRE_H
#define RTPWIRE_PEER_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* What a stream's packets look like. */
enum wire_kind {
	WIRE_RTP, /* RFC 3550, payload type 0, 160 bytes of payload */
	WIRE_UDPTL, /* 16 bit sequence number first (ITU-T T.38), so the first byte takes any value */
};

#define WIRE_RTP_BYTES 172u
#define WIRE_UDPTL_BYTES 64u
#define WIRE_RTCP_BYTES 96u
#define WIRE_BYTES_MAX WIRE_RTP_BYTES
#define WIRE_SAMPLES 160u /* per RTP packet: 20 ms at 8000 Hz */
#define WIRE_SEQ_MAX (1u << 24) /* packets of one stream; more than 90 hours at 50 a second */

struct wire_tag {
	uint32_t stream; /* sender's stream id */
	uint32_t seq; /* 0, 1, 2 ... per stream, RTP and RTCP on their own */
	uint64_t sent_ns; /* CLOCK_REALTIME */
	uint32_t ssrc; /* of the packet, host order */
	uint16_t rtp_seq; /* of the RTP header as it was sent */
};

/* SSRC of a stream's packets where nothing else is asked for, host order; different for different ids. */
uint32_t wire_ssrc(uint32_t stream);

/*
 * RTP sequence number of a stream's first packet where nothing else is asked for: every run crosses the wrap of
 * the 16 bits within its first ten seconds.
 */
uint16_t wire_first_seq(uint32_t stream);

/* Writes a media packet; returns its length in bytes, at most WIRE_BYTES_MAX. */
size_t wire_media_make(uint8_t out[static WIRE_BYTES_MAX], enum wire_kind kind,
		       const struct wire_tag *tag);

/*
 * Reads a received media packet. 0 and *tag when each byte is as wire_media_make() wrote it, but for the
 * sequence number of an RTP header: *shift is what was added to that on the way. Else -EBADMSG, and *tag and *shift
 * undefined.
 */
int wire_media_read(const uint8_t *p, size_t len_bytes, enum wire_kind kind, struct wire_tag *tag,
		    uint16_t *shift);

/*
 * Writes a compound RTCP packet (sender report, CNAME, APP with the tag; RFC 3550 section 6). packets and
 * octets are what the stream sent so far. Returns its length, WIRE_RTCP_BYTES.
 */
size_t wire_rtcp_make(uint8_t out[static WIRE_RTCP_BYTES], const struct wire_tag *tag,
		      uint32_t packets, uint32_t octets);

/* Reads a received RTCP packet. 0 and *tag when each byte is as it was written, else -EBADMSG. */
int wire_rtcp_read(const uint8_t *p, size_t len_bytes, struct wire_tag *tag);

#endif
