/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Key derivation against the vectors of RFC 3711 appendix B.3 and RFC 6188 section 7, with AES by hand from a library
 * that is under test elsewhere: the multi-buffer one.
 */
#include "pair.h"

#include <stdio.h>

#include <intel-ipsec-mb.h>

#include "srtp_kdf.h"

struct aes {
	IMB_MGR *m;
	unsigned int key_bytes;
	_Alignas(16) uint8_t schedule[16 * 15];
};

static void keystream(void *arg, const uint8_t iv[16], uint8_t *out, size_t bytes)
{
	struct aes *a = arg;
	IMB_JOB j = { .enc_keys = a->schedule,
		      .dec_keys = a->schedule,
		      .src = out,
		      .dst = out,
		      .msg_len_to_cipher_in_bytes = bytes,
		      .iv = iv,
		      .iv_len_in_bytes = 16,
		      .key_len_in_bytes = a->key_bytes };

	memset(out, 0, bytes);
	assert_int_equal(IMB_SUBMIT_CIPHER_BURST(a->m, &j, 1, IMB_CIPHER_CNTR, IMB_DIR_ENCRYPT,
						 a->key_bytes),
			 1);
}

static void from_hex(const char *text, uint8_t *out)
{
	for (; text[0] && text[1]; text += 2) {
		unsigned int byte;

		assert_int_equal(sscanf(text, "%2x", &byte), 1);
		*out++ = (uint8_t)byte;
	}
}

static void check(unsigned int suite, int rtcp, const char *master, const char *cipher,
		  const char *salt, const char *auth)
{
	const struct rw_srtp_suite_info *info = rw_srtp_suite_info(suite);
	struct rw_srtp_key key = { .suite = (uint8_t)suite };
	_Alignas(16) uint8_t decrypting[16 * 15];
	struct aes a = { .m = alloc_mb_mgr(0), .key_bytes = info->key_bytes };
	struct srtp_session_keys k;
	uint8_t want[64];
	IMB_ARCH arch;

	from_hex(master, key.key);
	assert_non_null(a.m);
	init_mb_mgr_auto(a.m, &arch);
	if (a.key_bytes == 32)
		IMB_AES_KEYEXP_256(a.m, key.key, a.schedule, decrypting);
	else if (a.key_bytes == 24)
		IMB_AES_KEYEXP_192(a.m, key.key, a.schedule, decrypting);
	else
		IMB_AES_KEYEXP_128(a.m, key.key, a.schedule, decrypting);
	srtp_kdf(&key, rtcp, keystream, &a, &k);
	from_hex(cipher, want);
	assert_memory_equal(k.cipher, want, info->key_bytes);
	from_hex(salt, want);
	assert_memory_equal(k.salt, want, info->salt_bytes);
	from_hex(auth, want);
	assert_memory_equal(k.auth, want, sizeof(k.auth));
	free_mb_mgr(a.m);
}

static void test_rfc3711(void **state)
{
	(void)state;
	check(RW_SRTP_AES_CM_128_HMAC_SHA1_80, 0,
	      "e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6",
	      "c61e7a93744f39ee10734afe3ff7a087", "30cbbc08863d8c85d49db34a9ae1",
	      "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
}

static void test_rfc6188(void **state)
{
	(void)state;
	check(RW_SRTP_AES_256_CM_HMAC_SHA1_80, 0,
	      "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6"
	      "3b04803de51ee7c96423ab5b78d2",
	      "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
	      "fa31791685ca444a9e07c6c64e93", "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05");
	check(RW_SRTP_AES_192_CM_HMAC_SHA1_80, 0,
	      "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1c8522f3acd4ce86d5add78edbb11",
	      "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb", "2372b82d639b6d8503a47adc0a6c",
	      "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3711),
		cmocka_unit_test(test_rfc6188),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
