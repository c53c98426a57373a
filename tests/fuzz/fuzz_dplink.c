/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: events from the dataplane, as many as the input holds, one struct rw_event after the other. The first
 * byte chooses whether a snapshot is being read. Specs that get through must be ones that the contract allows; each
 * command is answered at most once.
 */
#include <stdlib.h>
#include <sys/eventfd.h>

#include "dplink_internal.h"
#include "fuzz.h"
#include "log.h"

#define COMMANDS 8

struct fuzz {
	struct dplink *link;
	unsigned int answered[COMMANDS];
};

static void require(bool held)
{
	if (!held)
		abort();
}

static void on_up(void *ctx, const struct rw_welcome *w)
{
	(void)ctx;
	(void)w;
}

static void on_flow(void *ctx, const struct rw_flow_spec *spec)
{
	struct fuzz *f = ctx;

	require(rw_flow_spec_check(spec, &f->link->welcome.limits) == RW_FLOW_ERR_OK);
	require(dplink_next_generation(f->link) > spec->generation ||
		spec->generation == UINT64_MAX);
}

static void on_nothing(void *ctx)
{
	(void)ctx;
}

static const struct dplink_ops ops = {
	.up = on_up, .flow = on_flow, .synced = on_nothing, .room = on_nothing, .down = on_nothing
};

static void on_done(void *arg, int rc, const char *reason)
{
	unsigned int *answered = arg;

	(void)rc;
	require(reason != NULL);
	require(++*answered == 1);
}

static void connect_to_nobody(struct fuzz *f, struct ev_loop *loop)
{
	struct rw_flow_spec spec = { .id = rw_flow_id_make(0, 8000), .generation = 1 };

	require(dplink_new(loop, "/nonexistent", &ops, f, &f->link) == 0);
	f->link->welcome.limits =
		(struct rw_limits){ .port_min = 8000,
				    .port_max = 8099,
				    .workers = 2,
				    .media_count = 1,
				    .media = { rw_ip4((uint8_t[]){ 192, 0, 2, 1 }) } };
	f->link->wire_bytes = rw_wire_bytes();
	f->link->wire = mmap(NULL, f->link->wire_bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	require(f->link->wire != MAP_FAILED);
	f->link->command_fd = eventfd(0, EFD_NONBLOCK);
	f->link->state = DPLINK_READY;
	for (unsigned int i = 0; i < COMMANDS; i++)
		require(dplink_send(f->link, RW_COMMAND_FLOW_SET, &spec, on_done,
				    &f->answered[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ev_loop *loop;
	struct fuzz f = { 0 };
	struct rw_event ev;

	if (size < 1)
		return 0;
	if (!loop)
		loop = ev_loop_new(0);
	log_set_level(0);
	connect_to_nobody(&f, loop);
	if (data[0] & 1)
		f.link->state = DPLINK_SNAPSHOT;
	for (size_t at = 1; at + sizeof(ev) <= size; at += sizeof(ev)) {
		memcpy(&ev, data + at, sizeof(ev));
		if (dplink_event(f.link, &ev))
			break;
	}
	dplink_free(f.link);
	for (unsigned int i = 0; i < COMMANDS; i++)
		require(f.answered[i] == 1);
	return 0;
}
