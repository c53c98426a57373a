/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing and checking rtpwire-peer's packets. Pure; any thread.
 */
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rtpwire/bytes.h"

#define TAG_MAGIC 0x52575032u /* "RWP2" */
#define TAG_BYTES 28u /* magic, stream, seq, sent_ns, ssrc, rtp_seq, two zeros */
#define RTP_HEADER_BYTES 12u
#define UDPTL_HEADER_BYTES 2u

#define RTCP_SR_BYTES 28u
#define RTCP_SDES_BYTES 28u /* header, SSRC, CNAME of 16 bytes, end */
#define RTCP_APP_BYTES 40u /* header, SSRC, name, tag */
#define RTCP_CNAME_BYTES 16u
#define NTP_EPOCH_OFFSET_S 2208988800u /* 1900 to 1970, RFC 868 */

_Static_assert(RTCP_SR_BYTES + RTCP_SDES_BYTES + RTCP_APP_BYTES == WIRE_RTCP_BYTES, "sum of parts");

uint32_t wire_ssrc(uint32_t stream)
{
	return stream * 2654435761u + 1;
}

uint16_t wire_first_seq(uint32_t stream)
{
	return (uint16_t)(65100u + stream % 400u);
}

static void store_be64(uint8_t *p, uint64_t v)
{
	rw_store_be32(p, (uint32_t)(v >> 32));
	rw_store_be32(p + 4, (uint32_t)v);
}

static void tag_store(uint8_t p[static TAG_BYTES], const struct wire_tag *tag)
{
	rw_store_be32(p, TAG_MAGIC);
	rw_store_be32(p + 4, tag->stream);
	rw_store_be32(p + 8, tag->seq);
	store_be64(p + 12, tag->sent_ns);
	rw_store_be32(p + 20, tag->ssrc);
	rw_store_be16(p + 24, tag->rtp_seq);
	rw_store_be16(p + 26, 0);
}

static int tag_load(const uint8_t p[static TAG_BYTES], struct wire_tag *tag)
{
	if (rw_load_be32(p) != TAG_MAGIC)
		return -EBADMSG;
	tag->stream = rw_load_be32(p + 4);
	tag->seq = rw_load_be32(p + 8);
	tag->sent_ns = (uint64_t)rw_load_be32(p + 12) << 32 | rw_load_be32(p + 16);
	tag->ssrc = rw_load_be32(p + 20);
	tag->rtp_seq = rw_load_be16(p + 24);
	return tag->seq < WIRE_SEQ_MAX ? 0 : -EBADMSG;
}

static void header_make(uint8_t *out, enum wire_kind kind, const struct wire_tag *tag)
{
	if (kind == WIRE_UDPTL) {
		rw_store_be16(out, (uint16_t)(tag->seq * 257u));
		return;
	}
	out[0] = 0x80;
	out[1] = tag->seq == 0 ? 0x80 : 0; /* marker on the first packet, payload type 0 */
	rw_store_be16(out + 2, tag->rtp_seq);
	rw_store_be32(out + 4, tag->seq * WIRE_SAMPLES);
	rw_store_be32(out + 8, tag->ssrc);
}

size_t wire_media_make(uint8_t out[static WIRE_BYTES_MAX], enum wire_kind kind,
		       const struct wire_tag *tag)
{
	size_t header = kind == WIRE_UDPTL ? UDPTL_HEADER_BYTES : RTP_HEADER_BYTES;
	size_t all = kind == WIRE_UDPTL ? WIRE_UDPTL_BYTES : WIRE_RTP_BYTES;

	header_make(out, kind, tag);
	tag_store(out + header, tag);
	for (size_t i = header + TAG_BYTES; i < all; i++)
		out[i] = (uint8_t)((wire_ssrc(tag->stream) >> 24) + tag->seq + i);
	return all;
}

int wire_media_read(const uint8_t *p, size_t len_bytes, enum wire_kind kind, struct wire_tag *tag,
		    uint16_t *shift)
{
	size_t header = kind == WIRE_UDPTL ? UDPTL_HEADER_BYTES : RTP_HEADER_BYTES;
	uint8_t expected[WIRE_BYTES_MAX];

	if (len_bytes != (kind == WIRE_UDPTL ? WIRE_UDPTL_BYTES : WIRE_RTP_BYTES))
		return -EBADMSG;
	if (tag_load(p + header, tag) < 0)
		return -EBADMSG;
	wire_media_make(expected, kind, tag);
	*shift = 0;
	if (kind == WIRE_RTP) {
		*shift = (uint16_t)(rw_load_be16(p + 2) - tag->rtp_seq);
		memcpy(expected + 2, p + 2, 2);
	}
	return memcmp(p, expected, len_bytes) == 0 ? 0 : -EBADMSG;
}

static void rtcp_header(uint8_t *p, uint8_t count, uint8_t type, size_t bytes)
{
	p[0] = (uint8_t)(0x80 | count);
	p[1] = type;
	rw_store_be16(p + 2, (uint16_t)(bytes / 4 - 1));
}

static void rtcp_sr_make(uint8_t *p, const struct wire_tag *tag, uint32_t packets, uint32_t octets)
{
	uint64_t ns = tag->sent_ns % 1000000000u;

	rtcp_header(p, 0, 200, RTCP_SR_BYTES);
	rw_store_be32(p + 4, tag->ssrc);
	rw_store_be32(p + 8, (uint32_t)(tag->sent_ns / 1000000000u + NTP_EPOCH_OFFSET_S));
	rw_store_be32(p + 12, (uint32_t)((ns << 32) / 1000000000u));
	rw_store_be32(p + 16, packets * WIRE_SAMPLES);
	rw_store_be32(p + 20, packets);
	rw_store_be32(p + 24, octets);
}

static void rtcp_sdes_make(uint8_t *p, const struct wire_tag *tag)
{
	char cname[RTCP_CNAME_BYTES + 1];

	rtcp_header(p, 1, 202, RTCP_SDES_BYTES);
	rw_store_be32(p + 4, tag->ssrc);
	snprintf(cname, sizeof(cname), "peer-%08x@rw", tag->stream);
	p[8] = 1; /* CNAME */
	p[9] = RTCP_CNAME_BYTES;
	memcpy(p + 10, cname, RTCP_CNAME_BYTES);
	memset(p + 10 + RTCP_CNAME_BYTES, 0, RTCP_SDES_BYTES - 10 - RTCP_CNAME_BYTES);
}

size_t wire_rtcp_make(uint8_t out[static WIRE_RTCP_BYTES], const struct wire_tag *tag,
		      uint32_t packets, uint32_t octets)
{
	uint8_t *app = out + RTCP_SR_BYTES + RTCP_SDES_BYTES;

	rtcp_sr_make(out, tag, packets, octets);
	rtcp_sdes_make(out + RTCP_SR_BYTES, tag);
	rtcp_header(app, 0, 204, RTCP_APP_BYTES);
	rw_store_be32(app + 4, tag->ssrc);
	memcpy(app + 8, "RWPE", 4);
	tag_store(app + 12, tag);
	return WIRE_RTCP_BYTES;
}

int wire_rtcp_read(const uint8_t *p, size_t len_bytes, struct wire_tag *tag)
{
	uint8_t expected[WIRE_RTCP_BYTES];

	if (len_bytes != WIRE_RTCP_BYTES)
		return -EBADMSG;
	if (tag_load(p + RTCP_SR_BYTES + RTCP_SDES_BYTES + 12, tag) < 0)
		return -EBADMSG;
	wire_rtcp_make(expected, tag, rw_load_be32(p + 20), rw_load_be32(p + 24));
	return memcmp(p, expected, len_bytes) == 0 ? 0 : -EBADMSG;
}
