/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole packets against vectors. Those of the RFCs that begin with session keys (RFC 3711 B.1 and B.2, RFC 7714 sections 16
 * and 17) go around the key derivation: the keys are put where the ipsec-mb engine keeps them. The others begin with master
 * keys: libsrtp's reference packet, and packets that were computed with python3-cryptography from the text of the RFCs.
 */
#include "pair.h"

#include <stdio.h>

#include "crypto_ipsecmb.h"

#define MASTER_128 "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6"
#define MASTER_192 "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1c8522f3acd4ce86d5add78edbb11"
#define MASTER_256                                                                                 \
	"f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"                         \
	"3b04803de51ee7c96423ab5b78d2"
#define RTP "800f1234decafbadcafebabeabababababababababababababababab"
#define RTCP "81c8000bcafebabeabababababababababababababababab"
#define GCM_RTP                                                                                    \
	"8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e6973206469766973612069"               \
	"6e207061727465732074726573"
#define GCM_RTCP                                                                                   \
	"81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"                         \
	"deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
#define GCM_SALT "517569642070726f2071756f"
#define GCM_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static unsigned int from_hex(const char *text, uint8_t *out)
{
	unsigned int n = 0, byte;

	for (; text[0] && text[1]; text += 2) {
		assert_int_equal(sscanf(text, "%2x", &byte), 1);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

/* Both directions of a suite; the sender has sent index - 1 last. */
static void open_suite(struct pair *p, enum srtp_engine_kind engine, unsigned int suite,
		       uint8_t flags, const char *master, struct rw_srtp_stream last)
{
	struct rw_srtp_key key = { .suite = (uint8_t)suite, .flags = flags };
	struct rw_srtp_stream streams[RW_SSRC_SLOTS] = { last };

	from_hex(master, key.key);
	pair_open(p, engine, engine, &key);
	srtp_context_free(p->sender, p->tx);
	srtp_context_free(p->receiver, p->rx);
	assert_int_equal(srtp_context_new(p->sender, SRTP_SEND, &key, streams, p->sent, &p->tx), 0);
	assert_int_equal(srtp_context_new(p->receiver, SRTP_RECEIVE, &key, streams, p->received,
					  &p->rx),
			 0);
}

/* Secures the plain packet, compares, opens it again. want: as far as a vector goes. */
static void check_packet(struct pair *p, const char *plain_hex, const char *want_hex, bool rtcp)
{
	struct memory m = { .rtcp = rtcp }, plain;
	uint8_t want[PACKET_BYTES];
	unsigned int bytes;

	m.len = (uint16_t)from_hex(plain_hex, m.bytes);
	plain = m;
	assert_int_equal(pair_seal(p, &m), SRTP_OK);
	bytes = from_hex(want_hex, want);
	assert_true(m.len >= bytes);
	assert_memory_equal(m.bytes, want, bytes);
	assert_int_equal(pair_unseal(p, &m, NULL), SRTP_OK);
	assert_int_equal(m.len, plain.len);
	assert_memory_equal(m.bytes, plain.bytes, plain.len);
}

/* --- from master keys --- */

static void check_master(unsigned int suite, const char *master, uint32_t roc, const char *rtp,
			 const char *rtcp)
{
	const struct rw_srtp_stream last = {
		.ssrc = 0xcafebabe, .roc = roc, .seq = 0x1233, .used = 1
	};
	const struct rw_srtp_stream none = { 0 };

	EACH_ENGINE (engine) {
		struct pair p;

		if (!(srtp_engine_suites(engine) & 1u << suite))
			continue;
		open_suite(&p, engine, suite, 0, master, roc ? last : none);
		check_packet(&p, RTP, rtp, false);
		if (rtcp)
			check_packet(&p, RTCP, rtcp, true);
		pair_close(&p);
	}
}

static void test_master_128(void **state)
{
	(void)state;
	check_master(RW_SRTP_AES_CM_128_HMAC_SHA1_80, MASTER_128, 0,
		     "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402"
		     "b78d6acc99ea179b8dbb",
		     "81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001"
		     "993e08cd54d6c1230798");
	check_master(RW_SRTP_AES_CM_128_HMAC_SHA1_32, MASTER_128, 0,
		     "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc", NULL);
	check_master(RW_SRTP_AES_CM_128_HMAC_SHA1_80, MASTER_128, 3,
		     "800f1234decafbadcafebabec6e24b9359d9be7a00fb1bf88f9bb02c"
		     "38944e36996649aa0f2f",
		     NULL);
}

static void test_master_192(void **state)
{
	(void)state;
	check_master(RW_SRTP_AES_192_CM_HMAC_SHA1_80, MASTER_192, 0,
		     "800f1234decafbadcafebabe1e84e1395a55cc6cd7b80db939a83a78"
		     "e3e7e10bf579c261e5c6",
		     "81c8000bcafebabe3a8b5fbd5eabc9949eec92043a9a4b5880000001"
		     "2fd0d52db8f8be3d1e48");
	check_master(RW_SRTP_AES_192_CM_HMAC_SHA1_32, MASTER_192, 0,
		     "800f1234decafbadcafebabe1e84e1395a55cc6cd7b80db939a83a78e3e7e10b", NULL);
	check_master(RW_SRTP_AES_192_CM_HMAC_SHA1_80, MASTER_192, 3,
		     "800f1234decafbadcafebabe95826e45c437d6bbdbb8157199466b46"
		     "93c112567b653369b853",
		     NULL);
}

static void test_master_256(void **state)
{
	(void)state;
	check_master(RW_SRTP_AES_256_CM_HMAC_SHA1_80, MASTER_256, 0,
		     "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40d"
		     "a08d9d9a5b3a55d8873b",
		     "81c8000bcafebabeb4d0e7a917d24b9faab9d3b6127b3ba680000001"
		     "e04ac0ec2846f71bd31c");
	check_master(RW_SRTP_AES_256_CM_HMAC_SHA1_32, MASTER_256, 0,
		     "800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a", NULL);
	check_master(RW_SRTP_AES_256_CM_HMAC_SHA1_80, MASTER_256, 3,
		     "800f1234decafbadcafebabe009137ddc9ae7ddcc30a8afad43dd5b5"
		     "bd2381f07ddc6b61cf2c",
		     NULL);
}

/* --- from session keys --- */

static void expand_128(const uint8_t key[16], uint8_t *schedule)
{
	_Alignas(16) uint8_t decrypting[SCHEDULE_BYTES];
	IMB_MGR *m = alloc_mb_mgr(0);
	IMB_ARCH arch;

	assert_non_null(m);
	init_mb_mgr_auto(m, &arch);
	IMB_AES_KEYEXP_128(m, key, schedule, decrypting);
	free_mb_mgr(m);
}

static void test_aes_cm(void **state)
{
	struct mb_keys *k;
	uint8_t key[16];
	struct pair p;

	(void)state;
	open_suite(&p, SRTP_ENGINE_IPSEC_MB, RW_SRTP_AES_CM_128_HMAC_SHA1_80, 0, MASTER_128,
		   (struct rw_srtp_stream){ 0 });
	from_hex("2b7e151628aed2a6abf7158809cf4f3c", key);
	for (unsigned int i = 0; i < 2; i++) {
		struct srtp_context *c = i ? p.tx : p.rx;

		k = srtp_hot_keys(c);
		expand_128(key, k->schedule);
		from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfd", c->salt[SRTP_RTP]);
	}
	/* SSRC and sequence number 0: the counter begins with the salt */
	check_packet(&p,
		     "800000000000000000000000"
		     "00000000000000000000000000000000"
		     "00000000000000000000000000000000"
		     "00000000000000000000000000000000",
		     "800000000000000000000000"
		     "e03ead0935c95e80e166b16dd92b4eb4"
		     "d23513162b02d0f72a43a2fe4a5f97ab"
		     "41e95b3bb0a2e8dd477901e4fca894c0",
		     false);
	pair_close(&p);
}

static void test_aes_f8(void **state)
{
	const struct rw_srtp_stream last = {
		.ssrc = 0x5c621599, .roc = 0xd462564a, .seq = 0x5cb9, .used = 1
	};
	uint8_t key[16], second[16];
	struct pair p;

	(void)state;
	open_suite(&p, SRTP_ENGINE_IPSEC_MB, RW_SRTP_F8_128_HMAC_SHA1_80, 0, MASTER_128, last);
	from_hex("234829008467be186c3de14aae72d62c", key);
	from_hex("32f2870d555555555555555555555555", second); /* its salt has 32 bits only */
	for (unsigned int i = 0; i < 16; i++)
		second[i] ^= key[i];
	for (unsigned int i = 0; i < 2; i++) {
		struct srtp_context *c = i ? p.tx : p.rx;
		struct mb_keys *hot = srtp_hot_keys(c);
		struct mb_cold_keys *cold = srtp_keys(c);

		expand_128(key, hot->schedule);
		expand_128(second, cold->f8_schedule[SRTP_RTP]);
	}
	check_packet(&p,
		     "806e5cba50681de55c621599"
		     "70736575646f72616e646f6d6e657373"
		     "20697320746865206e65787420626573"
		     "74207468696e67",
		     "806e5cba50681de55c621599"
		     "019ce7a26e7854014a6366aa95d4eefd"
		     "1ad4172a14f9faf455b7f1d4b62bd08f"
		     "562c0eef7c4802",
		     false);
	pair_close(&p);
}

static void set_gcm(struct srtp_context *c, unsigned int key_bytes)
{
	struct mb_cold_keys *cold = srtp_keys(c);
	IMB_MGR *m = alloc_mb_mgr(0);
	uint8_t key[32];
	IMB_ARCH arch;

	assert_non_null(m);
	init_mb_mgr_auto(m, &arch);
	from_hex(GCM_KEY, key);
	for (unsigned int kind = 0; kind < SRTP_KINDS; kind++) {
		if (key_bytes == 32)
			IMB_AES256_GCM_PRE(m, key, &cold->gcm[kind]);
		else
			IMB_AES128_GCM_PRE(m, key, &cold->gcm[kind]);
		from_hex(GCM_SALT, c->salt[kind]);
	}
	free_mb_mgr(m);
}

static void check_gcm(unsigned int suite, uint8_t flags, const char *rtp, const char *rtcp)
{
	const struct rw_srtp_stream last = { .ssrc = 0x4d617273, .srtcp_index = 0x5d3, .used = 1 };
	unsigned int key_bytes = rw_srtp_suite_info(suite)->key_bytes;
	struct pair p;

	open_suite(&p, SRTP_ENGINE_IPSEC_MB, suite, flags, key_bytes == 32 ? GCM_KEY : "00", last);
	set_gcm(p.tx, key_bytes);
	set_gcm(p.rx, key_bytes);
	check_packet(&p, GCM_RTP, rtp, false);
	check_packet(&p, GCM_RTCP, rtcp, true);
	pair_close(&p);
}

static void test_gcm(void **state)
{
	(void)state;
	check_gcm(RW_SRTP_AEAD_AES_128_GCM, 0,
		  "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f"
		  "42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce",
		  "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1"
		  "730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4");
	check_gcm(RW_SRTP_AEAD_AES_256_GCM, 0,
		  "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3"
		  "b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13",
		  "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1"
		  "110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4");
}

/* Only authenticated. */
static void test_gcm_plain(void **state)
{
	uint8_t flags = RW_SRTP_UNENCRYPTED_SRTP | RW_SRTP_UNENCRYPTED_SRTCP;

	(void)state;
	check_gcm(RW_SRTP_AEAD_AES_128_GCM, flags, GCM_RTP "22493f82d2bce397e9d79e3b19aa4216",
		  GCM_RTCP "841dd9683dd78ec92ae58790125f62b3000005d4");
	check_gcm(RW_SRTP_AEAD_AES_256_GCM, flags, GCM_RTP "a866d5910f887463067ceefec45215d4",
		  GCM_RTCP "91db4afbfeee5a978fab4393ed2615fe000005d4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_master_128), cmocka_unit_test(test_master_192),
		cmocka_unit_test(test_master_256), cmocka_unit_test(test_aes_cm),
		cmocka_unit_test(test_aes_f8),	   cmocka_unit_test(test_gcm),
		cmocka_unit_test(test_gcm_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
