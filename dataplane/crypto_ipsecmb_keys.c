/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys of the ipsec-mb engine: from a master key to what the library wants (crypto_ipsecmb.h). Thread: worker.
 */
#include "crypto_ipsecmb.h"

#include "srtp_kdf.h"

#define SHA1_BLOCK_BYTES 64u

static void expand(IMB_MGR *m, const uint8_t *key, unsigned int key_bytes,
		   uint8_t schedule[SCHEDULE_BYTES])
{
	_Alignas(16) uint8_t decrypting[SCHEDULE_BYTES];

	if (key_bytes == 32)
		IMB_AES_KEYEXP_256(m, key, schedule, decrypting);
	else if (key_bytes == 24)
		IMB_AES_KEYEXP_192(m, key, schedule, decrypting);
	else
		IMB_AES_KEYEXP_128(m, key, schedule, decrypting);
	explicit_bzero(decrypting, sizeof(decrypting));
}

/* SHA-1's state after the key, filled up to a block, XOR pad: RFC 2104. */
static void hash_key(IMB_MGR *m, const uint8_t key[SRTP_AUTH_KEY_BYTES], uint8_t pad,
		     uint8_t state[32])
{
	uint8_t block[SHA1_BLOCK_BYTES];

	memset(block, pad, sizeof(block));
	for (unsigned int i = 0; i < SRTP_AUTH_KEY_BYTES; i++)
		block[i] ^= key[i];
	IMB_SHA1_ONE_BLOCK(m, block, state);
	explicit_bzero(block, sizeof(block));
}

struct keystream_arg {
	struct mb_engine *engine;
	const uint8_t *schedule;
	unsigned int key_bytes;
};

static void keystream(void *arg, const uint8_t iv[16], uint8_t *out, size_t bytes)
{
	const struct keystream_arg *a = arg;

	memset(out, 0, bytes);
	mb_counter_job(&a->engine->jobs[0], a->schedule, iv, out, bytes);
	IMB_SUBMIT_CIPHER_BURST_NOCHECK(a->engine->wide, a->engine->jobs, 1, IMB_CIPHER_CNTR,
					IMB_DIR_ENCRYPT, a->key_bytes);
}

/* The second key of f8: k_e XOR (session salt || 0x555..), RFC 3711 section 4.1.2. */
static void expand_f8(IMB_MGR *m, const struct srtp_session_keys *sk,
		      uint8_t schedule[SCHEDULE_BYTES])
{
	uint8_t key[16];

	for (unsigned int i = 0; i < sizeof(key); i++)
		key[i] = sk->cipher[i] ^ (i < sizeof(sk->salt) ? sk->salt[i] : 0x55);
	expand(m, key, sizeof(key), schedule);
	explicit_bzero(key, sizeof(key));
}

static void open_kind(struct mb_engine *e, struct srtp_context *c,
		      const struct srtp_session_keys *sk, enum srtp_kind kind)
{
	struct mb_cold_keys *cold = srtp_keys(c);
	struct mb_keys *k = mb_kind_keys(c, kind);

	memcpy(c->salt[kind], sk->salt, sizeof(sk->salt));
	if (c->cipher == RW_SRTP_CIPHER_GCM) {
		if (c->key_bytes == 32)
			IMB_AES256_GCM_PRE(e->wide, sk->cipher, &cold->gcm[kind]);
		else
			IMB_AES128_GCM_PRE(e->wide, sk->cipher, &cold->gcm[kind]);
		return;
	}
	expand(e->wide, sk->cipher, c->key_bytes, k->schedule);
	if (c->cipher == RW_SRTP_CIPHER_F8)
		expand_f8(e->wide, sk, cold->f8_schedule[kind]);
	hash_key(e->wide, sk->auth, 0x36, k->ipad);
	hash_key(e->wide, sk->auth, 0x5c, k->opad);
}

int mb_context_open(void *engine, struct srtp_context *c)
{
	_Alignas(16) uint8_t schedule[SCHEDULE_BYTES];
	struct keystream_arg arg = { engine, schedule, c->key_bytes };
	const struct rw_srtp_key *key = &c->cold->key;
	struct srtp_session_keys sk;

	expand(arg.engine->wide, key->key, c->key_bytes, schedule);
	for (unsigned int kind = 0; kind < SRTP_KINDS; kind++) {
		srtp_kdf(key, kind == SRTP_RTCP, keystream, &arg, &sk);
		open_kind(engine, c, &sk, kind);
	}
	explicit_bzero(&sk, sizeof(sk));
	explicit_bzero(schedule, sizeof(schedule));
	return 0;
}
