/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ng client of the benchmarks: texts, keys in SDP, and a window over a stream and over datagrams. One thread.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/ng.h"
#include "bench/sdp_probe.h"

static struct ng_text text(const char *s)
{
	return (struct ng_text){ s, strlen(s) };
}

static void test_target(void **state)
{
	static const char *const wrong[] = {
		"",
		"unix",
		"unix:",
		"udp:127.0.0.1",
		"udp:127.0.0.1:",
		"udp::1:2",
		"udp:[::1:2",
		"udp:1.2.3.4:0",
		"udp:1.2.3.4:+1",
		"tcp:host:1",
		"udp:[::1]2",
		"tcp:[]:1",
		"udp:[1.2.3.4]:1",
		"tcp:1.2.3.4:65536",
		"http:1.2.3.4:1",
	};
	struct ng_target t;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(ng_target_read(wrong[i], &t), -EINVAL);
	assert_int_equal(ng_target_read("unix:/run/x", &t), 0);
	assert_int_equal(t.kind, SOCK_STREAM);
	assert_int_equal(ng_target_read("unix-dgram:/run/x", &t), 0);
	assert_int_equal(t.kind, SOCK_DGRAM);
	assert_int_equal(ng_target_read("udp:[2001:db8::1]:2223", &t), 0);
	assert_int_equal(t.address.ss_family, AF_INET6);
	assert_int_equal(ng_target_read("tcp:192.0.2.1:2223", &t), 0);
	assert_int_equal(t.kind, SOCK_STREAM);
}

static void test_write(void **state)
{
	static struct ng_body b;
	static char big[NG_REQUEST_MAX_BYTES + 1];

	(void)state;
	ng_begin(&b);
	ng_string(&b, "command", "ping");
	ng_integer(&b, "n", -12);
	ng_list_begin(&b, "flags");
	ng_item(&b, "a");
	ng_close_value(&b);
	ng_end(&b);
	assert_false(b.too_long);
	assert_int_equal(ng_value_bytes((struct ng_text){ b.text, b.bytes }), b.bytes);
	assert_memory_equal(b.text, "d7:command4:ping1:ni-12e5:flagsl1:aee", b.bytes);
	memset(big, 'x', sizeof(big) - 1);
	ng_begin(&b);
	ng_string(&b, "sdp", big);
	assert_true(b.too_long);
}

static void test_find(void **state)
{
	static const char reply[] = "d4:listli1e3:sdpe3:sdp3:v=06:result5:errore";
	static const char *const broken[] = {
		"",	   "d",		 "de",	  "l3:sdp1:xe",	   "d3:sdp9:xe",
		"d3:sdpe", "d3:sdpi1ee", "3:sdp", "d99999999999:", "d-1:x"
	};

	(void)state;
	assert_true(ng_is(ng_find(text(reply), "sdp"), "v=0"));
	assert_true(ng_is(ng_find(text(reply), "result"), "error"));
	assert_null(ng_find(text(reply), "list").p);
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_null(ng_find(text(broken[i]), "sdp").p);
	for (size_t n = 0; n < sizeof(reply) - 1; n++) /* whole only when whole */
		assert_int_equal(ng_value_bytes((struct ng_text){ reply, n }), 0);
	assert_int_equal(ng_value_bytes(text("x")), -1);
	assert_int_equal(ng_value_bytes(text("i-e")), 3); /* framing only */
	assert_int_equal(ng_value_bytes(text("ie")), -1);
}

static void test_sdp(void **state)
{
	struct sdp_audio in = { .address = "2001:db8::1", .port = 4000, .crypto_count = 1 }, out;
	struct rw_srtp_key key, back;
	char sdp[1024];
	int n;

	(void)state;
	for (uint8_t suite = 1; suite < RW_SRTP_SUITE_MAX; suite++) {
		const struct rw_srtp_suite_info *info = rw_srtp_suite_info(suite);

		memset(&key, 0, sizeof(key));
		key.suite = suite;
		for (unsigned int i = 0; i < info->key_bytes + info->salt_bytes; i++)
			key.key[i] = (uint8_t)(i * 37 + suite);
		sdp_crypto_set(&in.crypto[0], 3, &key);
		n = sdp_write(&in, sdp, sizeof(sdp));
		assert_true(n > 0);
		assert_int_equal(sdp_read(sdp, (size_t)n, &out), 0);
		assert_string_equal(out.address, in.address);
		assert_int_equal(out.port, 4000);
		assert_int_equal(out.crypto_count, 1);
		assert_int_equal(out.crypto[0].tag, 3);
		assert_int_equal(sdp_crypto_get(&out.crypto[0], &back), 0);
		assert_true(rw_srtp_key_equal(&key, &back));
		assert_int_equal(sdp_write(&in, sdp, (size_t)n), -ENOSPC);
	}
	snprintf(out.crypto[0].key, sizeof(out.crypto[0].key), "AAAA");
	assert_int_equal(sdp_crypto_get(&out.crypto[0], &back), -EINVAL);
}

static void test_sdp_foreign(void **state)
{
	static const char other[] =
		"v=0\no=- 1 1 IN IP4 1.1.1.1\nc=IN IP4 1.1.1.1\nm=video 6 RTP/AVP 9\nc=IN IP4 "
		"2.2.2.2\n"
		"a=crypto:9 X inline:YY\nm=audio 5 RTP/SAVP 0\nc=IN IP4 3.3.3.3/127\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA|2^31|1:1\na=crypto:2 broken\n"
		"m=audio 7 RTP/AVP 0\n";
	struct sdp_audio out;

	(void)state;
	assert_int_equal(sdp_read(other, sizeof(other) - 1, &out), 0);
	assert_string_equal(out.address, "3.3.3.3");
	assert_int_equal(out.port, 5);
	assert_int_equal(out.crypto_count, 1);
	assert_string_equal(out.crypto[0].key, "AAAA");
	assert_int_equal(sdp_read("v=0\n", 4, &out), -EINVAL);
	assert_int_equal(sdp_read("", 0, &out), -EINVAL);
}

/* --- a connection --- */

struct server {
	int listener, fd;
	char path[108];
	struct ng *ng;
	struct sockaddr_un peer; /* of datagrams */
	socklen_t peer_bytes;
};

static void serve(struct server *s, const char *form, int kind, unsigned int timeout_ms)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/ng-client-XXXXXX", url[128];
	struct ng_target target;

	assert_non_null(mkdtemp(folder));
	snprintf(s->path, sizeof(s->path), "%s/s", folder);
	memcpy(a.sun_path, s->path, sizeof(a.sun_path));
	s->listener = socket(AF_UNIX, kind, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	if (kind == SOCK_STREAM)
		assert_int_equal(listen(s->listener, 1), 0);
	snprintf(url, sizeof(url), "%s:%s", form, s->path);
	assert_int_equal(ng_target_read(url, &target), 0);
	assert_int_equal(ng_open(&target, 2, timeout_ms, &s->ng), 0);
	s->fd = kind == SOCK_STREAM ? accept(s->listener, NULL, NULL) : dup(s->listener);
}

static void end(struct server *s)
{
	ng_close(s->ng);
	close(s->fd);
	close(s->listener);
	unlink(s->path);
	*strrchr(s->path, '/') = 0;
	rmdir(s->path);
}

/* The next request's cookie. */
static void hear(struct server *s, char cookie[64])
{
	char in[512];
	ssize_t n;

	s->peer_bytes = sizeof(s->peer);
	n = recvfrom(s->fd, in, sizeof(in) - 1, 0, (struct sockaddr *)&s->peer, &s->peer_bytes);
	assert_true(n > 0);
	in[n] = 0;
	assert_int_equal(sscanf(in, "%63s", cookie), 1);
	assert_string_equal(in + strlen(cookie), " d7:command4:pinge");
}

static void say(struct server *s, const char *cookie, const char *body)
{
	char out[512];
	int n = snprintf(out, sizeof(out), "%s%s%s", cookie, *cookie ? " " : "", body);

	if (s->peer_bytes)
		assert_int_equal(sendto(s->fd, out, (size_t)n, 0, (struct sockaddr *)&s->peer,
					s->peer_bytes),
				 n);
	else
		assert_int_equal(send(s->fd, out, (size_t)n, 0), n);
}

static void ping(struct server *s, uint64_t user)
{
	static struct ng_body b;

	ng_begin(&b);
	ng_string(&b, "command", "ping");
	ng_end(&b);
	assert_int_equal(ng_send(s->ng, &b, user), 0);
}

static void test_window(void **state)
{
	struct server s;
	struct ng_reply reply;
	char one[64], two[64];

	for (int i = 0; i < 2; i++) {
		serve(&s, i ? "unix-dgram" : "unix", i ? SOCK_DGRAM : SOCK_STREAM, 10000);
		ping(&s, 1);
		hear(&s, one);
		ping(&s, 2);
		hear(&s, two);
		assert_string_not_equal(one, two);
		assert_int_equal(ng_send(s.ng, &(struct ng_body){ 0 }, 3), -EAGAIN);
		assert_int_equal(ng_wait(s.ng, 0, &reply), 0);
		say(&s, two, "d6:result4:ponge"); /* in another order than asked */
		assert_int_equal(ng_wait(s.ng, 1000, &reply), 1);
		assert_int_equal(reply.user, 2);
		assert_null(ng_error(&reply));
		say(&s, two, "d6:result4:ponge"); /* once more: of nobody now */
		assert_int_equal(ng_wait(s.ng, 20, &reply), 0);
		say(&s, one, "d6:result5:error12:error-reason3:whye");
		assert_int_equal(ng_wait(s.ng, 1000, &reply), 1);
		assert_int_equal(reply.user, 1);
		assert_string_equal(ng_error(&reply), "why");
		assert_int_equal(ng_outstanding(s.ng), 0);
		end(&s);
	}
	(void)state;
}

static void test_pieces(void **state)
{
	struct server s;
	struct ng_reply reply;
	char cookie[64], whole[128];

	(void)state;
	serve(&s, "unix", SOCK_STREAM, 10000);
	ping(&s, 7);
	hear(&s, cookie);
	s.peer_bytes = 0;
	snprintf(whole, sizeof(whole), "%s d6:result2:oke", cookie);
	for (const char *p = whole; *p; p++) {
		assert_int_equal(ng_wait(s.ng, 0, &reply), 0);
		assert_int_equal(send(s.fd, p, 1, 0), 1);
	}
	assert_int_equal(ng_wait(s.ng, 1000, &reply), 1);
	assert_null(ng_error(&reply));
	say(&s, "x", "nonsense");
	assert_int_equal(ng_wait(s.ng, 1000, &reply), -EPROTO);
	end(&s);
}

static void test_lost(void **state)
{
	struct server s;
	struct ng_reply reply;

	(void)state;
	serve(&s, "unix-dgram", SOCK_DGRAM, 20);
	ping(&s, 5);
	assert_int_equal(ng_wait(s.ng, 1000, &reply), 0);
	assert_int_equal(ng_wait(s.ng, 1000, &reply), 1);
	assert_int_equal(reply.user, 5);
	assert_non_null(ng_error(&reply));
	assert_int_equal(ng_outstanding(s.ng), 0);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target),	    cmocka_unit_test(test_write),
		cmocka_unit_test(test_find),	    cmocka_unit_test(test_sdp),
		cmocka_unit_test(test_sdp_foreign), cmocka_unit_test(test_window),
		cmocka_unit_test(test_pieces),	    cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
