/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port table: pairs, singles, shards, quarantine, the whole range twice, no leak.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "ports.h"

static struct ports *make(uint16_t min, uint16_t max, uint16_t workers, uint16_t media)
{
	struct rw_limits lim = {
		.port_min = min, .port_max = max, .workers = workers, .media_count = media
	};
	struct ports *p;

	for (uint16_t i = 0; i < media; i++)
		lim.media[i] = rw_ip4((uint8_t[]){ 192, 0, 2, (uint8_t)(i + 1) });
	assert_int_equal(ports_new(&lim, &p), 0);
	assert_int_equal(ports_check(p), 0);
	return p;
}

static struct ports_usage usage(const struct ports *p, unsigned int media)
{
	struct ports_usage u;

	ports_usage(p, media, &u);
	assert_int_equal(u.used + u.free + u.quarantined, u.total);
	return u;
}

static void pairs_are_even_and_of_their_shard(void **state)
{
	struct ports *p = make(8000, 8099, 3, 2);
	rw_flow_id id;

	(void)state;
	for (unsigned int shard = 0; shard < 3; shard++) {
		for (unsigned int n = 0; n < 10; n++) {
			assert_int_equal(ports_take_pair(p, 1, shard, 0, &id), 0);
			assert_int_equal(rw_flow_media(id), 1);
			assert_int_equal(rw_flow_port(id) % 2, 0);
			assert_int_equal(rw_shard(rw_flow_port(id), 3), shard);
		}
	}
	assert_int_equal(usage(p, 1).used, 60);
	assert_int_equal(usage(p, 0).used, 0);
	assert_int_equal(ports_check(p), 0);
	ports_free(p);
}

static void edges_of_the_range_are_singles(void **state)
{
	struct ports *p = make(8001, 8004, 1, 1); /* 8001 and 8004 have no neighbour */
	rw_flow_id id, pair;

	(void)state;
	assert_int_equal(ports_take_pair(p, 0, 0, 0, &pair), 0);
	assert_int_equal(rw_flow_port(pair), 8002);
	assert_int_equal(ports_take_pair(p, 0, 0, 0, &id), -ENOSPC);
	assert_int_equal(ports_take_single(p, 0, 0, 0, &id), 0);
	assert_int_equal(ports_take_single(p, 0, 0, 0, &id), 0);
	assert_int_equal(ports_take_single(p, 0, 0, 0, &id), -ENOSPC);
	ports_free(p);
}

static void single_breaks_a_pair_and_it_heals(void **state)
{
	struct ports *p = make(8000, 8001, 1, 1);
	rw_flow_id one, other, id;

	(void)state;
	assert_int_equal(ports_take_single(p, 0, 0, 0, &one), 0);
	assert_int_equal(ports_take_pair(p, 0, 0, 0, &id), -ENOSPC);
	assert_int_equal(ports_take_single(p, 0, 0, 0, &other), 0);
	assert_int_equal(one ^ other, 1);
	ports_release(p, one, 0);
	ports_release(p, other, 0);
	assert_int_equal(usage(p, 0).quarantined, 2);
	assert_int_equal(ports_take_pair(p, 0, 0, PORTS_QUARANTINE_MS, &id), 0);
	assert_int_equal(ports_check(p), 0);
	ports_free(p);
}

static void released_ports_rest(void **state)
{
	struct ports *p = make(8000, 8003, 1, 1);
	rw_flow_id first, second, id;

	(void)state;
	assert_int_equal(ports_take_pair(p, 0, 0, 0, &first), 0);
	ports_release(p, first, 100);
	ports_release(p, first + 1, 100);
	ports_release(p, first, 100); /* a second time: nothing happens */
	/* while another pair is free, that one is taken */
	assert_int_equal(ports_take_pair(p, 0, 0, 200, &second), 0);
	assert_int_not_equal(second, first);
	assert_int_equal(usage(p, 0).quarantined, 2);
	/* when none is left, the resting one is */
	assert_int_equal(ports_take_pair(p, 0, 0, 300, &id), 0);
	assert_int_equal(id, first);
	assert_int_equal(ports_take_pair(p, 0, 0, 300, &id), -ENOSPC);
	assert_int_equal(ports_check(p), 0);
	ports_free(p);
}

static void quarantine_gives_back_the_oldest(void **state)
{
	struct ports *p = make(8000, 8007, 1, 1);
	rw_flow_id ids[4], id;

	(void)state;
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(ports_take_pair(p, 0, 0, 0, &ids[i]), 0);
	for (unsigned int i = 0; i < 4; i++) {
		ports_release(p, ids[i], 10 * i);
		ports_release(p, ids[i] + 1, 10 * i);
	}
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(ports_take_pair(p, 0, 0, 50, &id), 0);
		assert_int_equal(id, ids[i]);
	}
	ports_free(p);
}

static void given_back_ports_are_free_at_once(void **state)
{
	struct ports *p = make(8000, 8003, 1, 1);
	rw_flow_id id;

	(void)state;
	assert_int_equal(ports_take_pair(p, 0, 0, 0, &id), 0);
	ports_give_back(p, id);
	ports_give_back(p, id + 1);
	assert_int_equal(usage(p, 0).free, 4);
	assert_int_equal(ports_check(p), 0);
	ports_free(p);
}

static void claim_takes_any_state(void **state)
{
	struct ports *p = make(8000, 8005, 1, 1);
	rw_flow_id resting = rw_flow_id_make(0, 8002);

	(void)state;
	assert_int_equal(ports_claim(p, rw_flow_id_make(0, 8000)), 0); /* half of a pair */
	assert_int_equal(ports_claim(p, rw_flow_id_make(0, 8001)), 0); /* its other half */
	assert_int_equal(ports_claim(p, rw_flow_id_make(0, 8001)), -EBUSY);
	assert_int_equal(ports_claim(p, resting), 0);
	ports_release(p, resting, 0);
	assert_int_equal(ports_claim(p, resting), 0);
	assert_int_equal(ports_claim(p, rw_flow_id_make(0, 7999)), -EINVAL);
	assert_int_equal(ports_claim(p, rw_flow_id_make(1, 8000)), -EINVAL);
	assert_int_equal(ports_claim(p, RW_FLOW_NONE), -EINVAL);
	assert_int_equal(usage(p, 0).used, 3);
	assert_int_equal(ports_check(p), 0);
	ports_free(p);
}

static void release_ignores_foreign_ids(void **state)
{
	struct ports *p = make(8000, 8003, 1, 1);

	(void)state;
	ports_release(p, RW_FLOW_NONE, 0);
	ports_release(p, rw_flow_id_make(9, 8000), 0);
	ports_release(p, rw_flow_id_make(0, 8000), 0); /* free already */
	assert_int_equal(usage(p, 0).free, 4);
	assert_int_equal(ports_check(p), 0);
	ports_free(p);
}

/* Calls of two pairs; each stays in one shard. */
static unsigned int fill(struct ports *p, unsigned int workers, rw_flow_id *ids, uint64_t now_ms)
{
	unsigned int calls = 0;

	for (;;) {
		unsigned int shard = ports_choose_shard(p, 0, 0);

		assert_true(shard < workers);
		if (ports_take_pair(p, 0, shard, now_ms, &ids[2 * calls]))
			return calls;
		if (ports_take_pair(p, 0, shard, now_ms, &ids[2 * calls + 1])) {
			ports_give_back(p, ids[2 * calls]);
			ports_give_back(p, ids[2 * calls] + 1);
			return calls;
		}
		calls++;
	}
}

static void whole_range_twice(void **state)
{
	static rw_flow_id ids[20002];

	(void)state;
	for (uint16_t workers = 1; workers <= 4; workers *= 2) {
		struct ports *p = make(8000, 47999, workers, 1);

		for (unsigned int round = 0; round < 3; round++) {
			assert_int_equal(fill(p, workers, ids, round), 10000);
			assert_int_equal(usage(p, 0).used, 40000);
			for (unsigned int i = 0; i < 20000; i++) {
				ports_release(p, ids[i], round);
				ports_release(p, ids[i] + 1, round);
			}
			assert_int_equal(usage(p, 0).used, 0);
		}
		assert_int_equal(ports_check(p), 0);
		ports_free(p);
	}
}

static void shards_fill_evenly(void **state)
{
	struct ports *p = make(8000, 47999, 4, 1);
	unsigned int per_shard[4] = { 0 };
	rw_flow_id id;

	(void)state;
	for (unsigned int n = 0; n < 1000; n++) {
		unsigned int shard = ports_choose_shard(p, 0, 0);

		per_shard[shard]++;
		assert_int_equal(ports_take_pair(p, 0, shard, 0, &id), 0);
	}
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(per_shard[i], 250);
	ports_free(p);
}

/* The leg with less room decides. */
static void shard_has_room_on_both_addresses(void **state)
{
	struct ports *p = make(8000, 8007, 2, 2);
	rw_flow_id id;

	(void)state;
	assert_int_equal(ports_take_pair(p, 1, 0, 0, &id), 0);
	assert_int_equal(ports_take_pair(p, 1, 0, 0, &id), 0); /* shard 0 is full on address 1 */
	assert_int_equal(ports_choose_shard(p, 0, 1), 1);
	assert_int_equal(ports_choose_shard(p, 1, 0), 1);
	ports_free(p);
}

static void random_use_never_leaks(void **state)
{
	struct ports *p = make(8001, 8100, 2, 1);
	rw_flow_id held[100];
	unsigned int count = 0;

	(void)state;
	srand(1);
	for (unsigned int n = 0; n < 20000; n++) {
		unsigned int shard = (unsigned int)rand() % 2;
		rw_flow_id id;

		if (rand() % 2 && count) {
			unsigned int i = (unsigned int)rand() % count;

			if (rand() % 2)
				ports_release(p, held[i], n);
			else
				ports_give_back(p, held[i]);
			held[i] = held[--count];
		} else if (rand() % 2) {
			if (ports_take_single(p, 0, shard, n, &id) == 0)
				held[count++] = id;
		} else if (ports_take_pair(p, 0, shard, n, &id) == 0) {
			held[count++] = id;
			held[count++] = id + 1;
		}
		assert_int_equal(usage(p, 0).used, count);
		if (n % 100 == 0)
			assert_int_equal(ports_check(p), 0);
	}
	ports_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_even_and_of_their_shard),
		cmocka_unit_test(edges_of_the_range_are_singles),
		cmocka_unit_test(single_breaks_a_pair_and_it_heals),
		cmocka_unit_test(released_ports_rest),
		cmocka_unit_test(quarantine_gives_back_the_oldest),
		cmocka_unit_test(given_back_ports_are_free_at_once),
		cmocka_unit_test(claim_takes_any_state),
		cmocka_unit_test(release_ignores_foreign_ids),
		cmocka_unit_test(whole_range_twice),
		cmocka_unit_test(shards_fill_evenly),
		cmocka_unit_test(shard_has_room_on_both_addresses),
		cmocka_unit_test(random_use_never_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
