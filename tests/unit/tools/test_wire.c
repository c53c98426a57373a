/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of rtpwire-peer: what it writes it reads back, it notices every changed byte, and others take the
 * packets for what they claim to be.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtpwire/bytes.h"
#include "rtpwire/demux.h"

#include "peer/wire.h"

static const struct wire_tag sample = { 7, 70000, 0x0102030405060708u, 0x11223344, 65530 };

static void assert_tag(const struct wire_tag *tag)
{
	assert_int_equal(tag->stream, sample.stream);
	assert_int_equal(tag->seq, sample.seq);
	assert_int_equal(tag->sent_ns, sample.sent_ns);
	assert_int_equal(tag->ssrc, sample.ssrc);
	assert_int_equal(tag->rtp_seq, sample.rtp_seq);
}

static void media_round_trip(void **state)
{
	uint8_t p[WIRE_BYTES_MAX];
	struct wire_tag tag;
	uint16_t shift;

	(void)state;
	for (enum wire_kind kind = WIRE_RTP; kind <= WIRE_UDPTL; kind++) {
		size_t n = wire_media_make(p, kind, &sample);

		assert_int_equal(wire_media_read(p, n, kind, &tag, &shift), 0);
		assert_tag(&tag);
		assert_int_equal(shift, 0);
		assert_int_equal(wire_media_read(p, n - 1, kind, &tag, &shift), -EBADMSG);
		assert_int_equal(wire_media_read(p, 0, kind, &tag, &shift), -EBADMSG);
	}
}

/* The sending time is not derived from anything else, the sequence number may be shifted; all other bytes are. */
static void media_notices_damage(void **state)
{
	uint8_t p[WIRE_BYTES_MAX];
	struct wire_tag tag;
	size_t n = wire_media_make(p, WIRE_RTP, &sample);
	uint16_t shift;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool derived = (i < 2 || i >= 4) && (i < 24 || i >= 32) && (i < 36 || i >= 38);

		p[i] ^= 0x10;
		if (derived)
			assert_int_equal(wire_media_read(p, n, WIRE_RTP, &tag, &shift), -EBADMSG);
		p[i] ^= 0x10;
	}
	assert_int_equal(wire_media_read(p, n, WIRE_RTP, &tag, &shift), 0);
}

static void media_tells_new_numbers(void **state)
{
	uint8_t p[WIRE_BYTES_MAX];
	struct wire_tag tag;
	size_t n = wire_media_make(p, WIRE_RTP, &sample);
	uint16_t shift;

	(void)state;
	rw_store_be16(p + 2, 9); /* 65530 + 15 */
	assert_int_equal(wire_media_read(p, n, WIRE_RTP, &tag, &shift), 0);
	assert_tag(&tag);
	assert_int_equal(shift, 15);
}

static void media_is_rtp(void **state)
{
	struct wire_tag tag = sample;
	uint8_t p[WIRE_BYTES_MAX];
	uint16_t before;

	(void)state;
	tag.seq = 0;
	assert_int_equal(wire_media_make(p, WIRE_RTP, &tag), 172);
	assert_int_equal(rw_demux(p, 172), RW_CLASS_RTP);
	assert_int_equal(p[1], 0x80);
	for (tag.seq = 1; tag.seq < 1000; tag.seq++) {
		before = rw_load_be16(p + 2);
		tag.rtp_seq++;
		wire_media_make(p, WIRE_RTP, &tag);
		assert_int_equal(rw_load_be16(p + 2), (uint16_t)(before + 1));
		assert_int_equal(rw_load_be32(p + 4), tag.seq * 160);
		assert_int_equal(rw_load_be32(p + 8), tag.ssrc);
	}
}

static void udptl_takes_every_first_byte(void **state)
{
	struct wire_tag tag = sample;
	uint8_t p[WIRE_BYTES_MAX];
	unsigned int seen = 0;

	(void)state;
	for (tag.seq = 0; tag.seq < 256; tag.seq++) {
		wire_media_make(p, WIRE_UDPTL, &tag);
		seen += p[0] == tag.seq;
	}
	assert_int_equal(seen, 256);
}

static void rtcp_round_trip(void **state)
{
	uint8_t p[WIRE_RTCP_BYTES];
	struct wire_tag tag;
	size_t n = wire_rtcp_make(p, &sample, 50, 8000), at = 0;

	(void)state;
	assert_int_equal(rw_demux(p, n), RW_CLASS_RTCP);
	assert_int_equal(wire_rtcp_read(p, n, &tag), 0);
	assert_tag(&tag);
	while (at < n) /* the parts of the compound end where it ends */
		at += (rw_load_be16(p + at + 2) + 1u) * 4;
	assert_int_equal(at, n);
	p[40] ^= 1;
	assert_int_equal(wire_rtcp_read(p, n, &tag), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(media_round_trip),
		cmocka_unit_test(media_notices_damage),
		cmocka_unit_test(media_tells_new_numbers),
		cmocka_unit_test(media_is_rtp),
		cmocka_unit_test(udptl_takes_every_first_byte),
		cmocka_unit_test(rtcp_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
