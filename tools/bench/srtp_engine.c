/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Subject: an engine of the dataplane, as its workers use it (srtp_subject.h). Program's only thread.
 */
#include "srtp_subject.h"

#include <errno.h>
#include <stdlib.h>

struct engine {
	enum srtp_direction direction;
	struct srtp *srtp;
	struct srtp_context **contexts;
	struct srtp_packet work[SRTP_BATCH_MAX];
	uint64_t now_ns;
};

static int open_engine(const struct srtp_case *what, enum srtp_engine_kind kind, void **out)
{
	struct engine *e = calloc(1, sizeof(*e));
	int rc;

	if (!(srtp_engine_suites(kind) & 1u << what->suite))
		return -ENOTSUP;
	if (e)
		e->contexts = calloc(what->contexts, sizeof(struct srtp_context *));
	if (!e || !e->contexts)
		return -ENOMEM;
	e->direction = what->direction;
	rc = srtp_new(kind, what->contexts, SRTP_WINDOW_MIN, &e->srtp);
	for (uint32_t i = 0; rc == 0 && i < what->contexts; i++) {
		struct rw_srtp_key key = ring_key(what, i);

		rc = srtp_context_new(e->srtp, what->direction, &key, NULL, NULL, &e->contexts[i]);
	}
	*out = e;
	return rc;
}

static int open_ipsec_mb(const struct srtp_case *what, void **out)
{
	return open_engine(what, SRTP_ENGINE_IPSEC_MB, out);
}

static int open_libsrtp2(const struct srtp_case *what, void **out)
{
	return open_engine(what, SRTP_ENGINE_LIBSRTP2, out);
}

static bool run(void *subject, const struct ring_packet *packets, unsigned int count)
{
	struct engine *e = subject;

	for (unsigned int i = 0; i < count; i++) {
		struct srtp_packet *p = &e->work[i];

		p->context = e->contexts[packets[i].context];
		p->other = NULL;
		p->data = packets[i].data;
		p->len_bytes = packets[i].len_bytes;
		p->room_bytes = SRTP_TRAILER_MAX;
		p->rtcp = false;
	}
	if (e->direction == SRTP_SEND)
		srtp_batch_protect(e->srtp, e->work, count);
	else
		srtp_batch_unprotect(e->srtp, e->work, count, e->now_ns += 1000);
	for (unsigned int i = 0; i < count; i++)
		if (e->work[i].status != SRTP_OK)
			return false;
	return true;
}

static void details(void *subject, char *text, size_t bytes)
{
	const struct engine *e = subject;

	snprintf(text, bytes, "%s", srtp_engine_details(e->srtp));
}

const struct subject_ops subject_ipsec_mb = { "ipsec-mb", open_ipsec_mb, run, details };
const struct subject_ops subject_libsrtp2 = { "libsrtp2", open_libsrtp2, run, details };
