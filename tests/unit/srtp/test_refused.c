/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What contexts refuse: more SSRCs than there are places, packets without room for their trailer, packets that are none;
 * and the places of a pool.
 */
#include "pair.h"

#include <errno.h>

#define SSRC 0x1234cafeu

static int protect(struct pair *p, struct memory *m, unsigned int room)
{
	struct srtp_packet x = { .context = p->tx,
				 .data = m->bytes,
				 .len_bytes = m->len,
				 .room_bytes = (uint16_t)room,
				 .rtcp = m->rtcp };
	struct memory before = *m;

	srtp_batch_protect(p->sender, &x, 1);
	if (x.status == SRTP_OK)
		memcpy(before.bytes, m->bytes, m->len + room); /* nothing behind may change */
	assert_memory_equal(m->bytes, before.bytes, sizeof(m->bytes));
	return x.status;
}

static void open_plain(struct pair *p, enum srtp_engine_kind engine)
{
	struct rw_srtp_key key = pair_key(RW_SRTP_AES_CM_128_HMAC_SHA1_80, 0, 0, 5);

	pair_open(p, engine, engine, &key);
}

static void test_ssrc_limit(void **state)
{
	struct memory m;
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		memset(&m, 0, sizeof(m));
		for (unsigned int round = 0; round < 2; round++) {
			for (uint32_t ssrc = 0; ssrc <= SRTP_STREAMS_MAX; ssrc++) {
				int want = ssrc < SRTP_STREAMS_MAX ? SRTP_OK : SRTP_SSRC_LIMIT;

				pair_rtp(&m, ssrc, (uint16_t)round, 40, 0, 0, 0);
				assert_int_equal(protect(&p, &m, 200), want);
				pair_rtcp(&m, ssrc, 10);
				assert_int_equal(protect(&p, &m, 200), want);
			}
		}
		pair_close(&p);
	}
}

static void check_room(struct pair *p, const struct memory *m, unsigned int trailer)
{
	struct memory copy;

	for (unsigned int room = 0; room <= trailer; room++) {
		copy = *m;
		assert_int_equal(protect(p, &copy, room), room < trailer ? SRTP_NO_ROOM : SRTP_OK);
	}
}

static void test_room(void **state)
{
	struct memory m;
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		memset(&m, 0xee, sizeof(m));
		pair_rtp(&m, SSRC, 1, 40, 0, 0, 0);
		check_room(&p, &m, 10);
		pair_rtcp(&m, SSRC, 10);
		check_room(&p, &m, 14);
		pair_close(&p);
	}
}

/* len: without a trailer. */
static void check_malformed(struct pair *p, struct memory m, unsigned int len)
{
	m.len = (uint16_t)len;
	assert_int_equal(protect(p, &m, 200), SRTP_MALFORMED);
	m.len = (uint16_t)(len + (m.rtcp ? 14 : 10));
	assert_int_equal(pair_unseal(p, &m, NULL), SRTP_MALFORMED);
}

static void test_malformed(void **state)
{
	struct memory m;
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		memset(&m, 0, sizeof(m));
		pair_rtp(&m, SSRC, 1, 40, 0, 0, 0);
		for (unsigned int len = 0; len < 12; len++)
			check_malformed(&p, m, len);
		for (uint16_t len = 0; len < 22; len++) {
			struct memory cut = m;

			cut.len = len;
			assert_int_equal(pair_unseal(&p, &cut, NULL), SRTP_MALFORMED);
		}
		m.bytes[0] = 0x40; /* version */
		check_malformed(&p, m, 52);
		m.bytes[0] = 0x8f; /* CSRCs that are not there */
		check_malformed(&p, m, 52);
		m.bytes[0] = 0x90; /* an extension that ends elsewhere */
		m.bytes[14] = m.bytes[15] = 0xff;
		check_malformed(&p, m, 52);
		check_malformed(&p, m, 14); /* that does not even begin */
		pair_rtcp(&m, SSRC, 10);
		for (unsigned int len = 0; len < 8; len++)
			check_malformed(&p, m, len);
		m.bytes[0] = 0;
		check_malformed(&p, m, 40);
		pair_close(&p);
	}
}

/* Another MKI than the key's, in each of its bytes. */
static void test_wrong_mki(void **state)
{
	static const unsigned int lengths[] = { 1, 4, 8, 9, 128 };

	(void)state;
	EACH_ENGINE (engine) {
		for (unsigned int i = 0; i < 5; i++) {
			struct rw_srtp_key key =
				pair_key(RW_SRTP_AES_CM_128_HMAC_SHA1_80, 0, lengths[i], 5);
			struct memory m, wrong;
			struct pair p;

			pair_open(&p, engine, engine, &key);
			pair_rtp(&m, SSRC, 1, 40, 0, 0, 0);
			assert_int_equal(pair_seal(&p, &m), SRTP_OK);
			for (unsigned int at = 0; at < lengths[i]; at++) {
				wrong = m;
				wrong.bytes[52 + at] ^= 0x80;
				assert_int_equal(pair_unseal(&p, &wrong, NULL), SRTP_MALFORMED);
			}
			assert_int_equal(pair_unseal(&p, &m, NULL), SRTP_OK);
			pair_close(&p);
		}
	}
}

static void test_windows(void **state)
{
	struct srtp *s;

	(void)state;
	assert_int_equal(srtp_new(SRTP_ENGINE_AUTO, 1, SRTP_WINDOW_MIN - 1, &s), -ENOTSUP);
	assert_int_equal(srtp_new(SRTP_ENGINE_AUTO, 1, SRTP_WINDOW_MAX + 1, &s), -ENOTSUP);
}

/* Places are given out again, and nothing is left in them of who had them before. */
static void test_places(void **state)
{
	struct srtp_context *c[8];
	struct rw_srtp_key key;
	struct memory m;
	struct pair p;

	(void)state;
	EACH_ENGINE (engine) {
		open_plain(&p, engine);
		key = *srtp_context_key(p.tx);
		for (uint16_t i = 0; i < 300; i++) {
			pair_rtp(&m, SSRC, (uint16_t)(65400 + i), 40, 0, 0, 0);
			assert_int_equal(pair_seal(&p, &m), SRTP_OK);
		}
		assert_int_equal(p.sent[0].roc, 1);
		for (unsigned int i = 0; i < 7; i++)
			assert_int_equal(srtp_context_new(p.sender, SRTP_SEND, &key, NULL, NULL,
							  &c[i]),
					 0);
		assert_int_equal(srtp_context_new(p.sender, SRTP_SEND, &key, NULL, NULL, &c[7]),
				 -ENOMEM);
		srtp_context_free(p.sender, p.tx);
		assert_int_equal(srtp_context_new(p.sender, SRTP_SEND, &key, NULL, p.sent, &p.tx),
				 0);
		pair_rtp(&m, SSRC, 17, 40, 0, 0, 0);
		assert_int_equal(pair_seal(&p, &m), SRTP_OK);
		assert_int_equal(p.sent[0].roc, 0);
		assert_int_equal(p.sent[0].seq, 17);
		assert_int_equal(pair_unseal(&p, &m, NULL), SRTP_OK);
		srtp_context_free(p.sender, NULL);
		pair_close(&p);
	}
	srtp_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ssrc_limit), cmocka_unit_test(test_room),
		cmocka_unit_test(test_malformed),  cmocka_unit_test(test_wrong_mki),
		cmocka_unit_test(test_windows),	   cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
