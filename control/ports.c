/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port table of ports.h. A pool is one (media address, shard): an array of its free pairs, an array of
 * its free single ports (their neighbour is busy or outside the range) and a list of resting ports, oldest
 * first. Each port knows its place in them, so every step is O(1). Control's only thread.
 */
#include "ports.h"

#include <stdlib.h>

#include "random.h"

enum port_state {
	PORT_USED,
	PORT_PAIR, /* free together with its neighbour: the even one stands in pool.pairs */
	PORT_SINGLE, /* free alone: stands in pool.singles */
	PORT_RESTING, /* in quarantine */
};

#define SLOT_NONE UINT32_MAX

struct port {
	uint32_t place; /* PAIR (even port) and SINGLE: index in the pool's array */
	uint32_t prev, next; /* RESTING: neighbours in age, slots */
	uint32_t released_ms; /* RESTING: low half of the time */
	uint8_t state; /* enum port_state */
};

struct pool {
	uint32_t *pairs, *singles; /* slots */
	uint32_t pair_count, single_count;
	uint32_t oldest, newest; /* resting ports, slots */
	uint32_t resting_count;
	uint32_t port_count;
};

struct ports {
	struct rw_limits limits;
	uint32_t slots;
	struct port *port; /* [slots], by rw_flow_slot() */
	struct pool *pools; /* [media * workers + shard] */
	uint32_t *arrays; /* memory of all pairs and singles */
};

static rw_flow_id slot_id(const struct ports *p, uint32_t slot)
{
	uint32_t range = (uint32_t)p->limits.port_max - p->limits.port_min + 1;

	return rw_flow_id_make(slot / range, (uint16_t)(p->limits.port_min + slot % range));
}

static struct pool *pool_at(const struct ports *p, unsigned int media, unsigned int shard)
{
	return &p->pools[media * p->limits.workers + shard];
}

static struct pool *pool_of(const struct ports *p, uint32_t slot)
{
	rw_flow_id id = slot_id(p, slot);

	return pool_at(p, rw_flow_media(id), rw_shard(rw_flow_port(id), p->limits.workers));
}

/* The other half of a port's pair, or SLOT_NONE at an edge of the range. */
static uint32_t mate_of(const struct ports *p, uint32_t slot)
{
	rw_flow_id mate = slot_id(p, slot) ^ 1u;

	return rw_flow_id_valid(mate, &p->limits) ? rw_flow_slot(mate, &p->limits) : SLOT_NONE;
}

/* The even half of a pair stands for it. */
static uint32_t even_of(const struct ports *p, uint32_t slot)
{
	return slot_id(p, slot) & 1u ? slot - 1 : slot;
}

static void push(struct ports *p, uint32_t *array, uint32_t *count, uint32_t slot)
{
	p->port[slot].place = *count;
	array[(*count)++] = slot;
}

static void drop(struct ports *p, uint32_t *array, uint32_t *count, uint32_t slot)
{
	uint32_t last = array[--*count];

	array[p->port[slot].place] = last;
	p->port[last].place = p->port[slot].place;
}

static void make_free(struct ports *p, uint32_t slot)
{
	struct pool *pool = pool_of(p, slot);
	uint32_t mate = mate_of(p, slot);

	if (mate == SLOT_NONE || p->port[mate].state != PORT_SINGLE) {
		p->port[slot].state = PORT_SINGLE;
		push(p, pool->singles, &pool->single_count, slot);
		return;
	}
	drop(p, pool->singles, &pool->single_count, mate);
	p->port[slot].state = p->port[mate].state = PORT_PAIR;
	push(p, pool->pairs, &pool->pair_count, even_of(p, slot));
}

static void rest(struct ports *p, uint32_t slot, uint64_t now_ms)
{
	struct pool *pool = pool_of(p, slot);
	struct port *port = &p->port[slot];

	port->state = PORT_RESTING;
	port->released_ms = (uint32_t)now_ms;
	port->prev = pool->newest;
	port->next = SLOT_NONE;
	if (pool->newest == SLOT_NONE)
		pool->oldest = slot;
	else
		p->port[pool->newest].next = slot;
	pool->newest = slot;
	pool->resting_count++;
}

static void wake(struct ports *p, struct pool *pool, uint32_t slot)
{
	struct port *port = &p->port[slot];

	if (port->prev == SLOT_NONE)
		pool->oldest = port->next;
	else
		p->port[port->prev].next = port->next;
	if (port->next == SLOT_NONE)
		pool->newest = port->prev;
	else
		p->port[port->next].prev = port->prev;
	pool->resting_count--;
}

static void wake_oldest(struct ports *p, struct pool *pool)
{
	uint32_t slot = pool->oldest;

	wake(p, pool, slot);
	make_free(p, slot);
}

static void wake_rested(struct ports *p, struct pool *pool, uint64_t now_ms)
{
	while (pool->oldest != SLOT_NONE &&
	       (uint32_t)now_ms - p->port[pool->oldest].released_ms >= PORTS_QUARANTINE_MS)
		wake_oldest(p, pool);
}

/* Gives every pool its part of one memory: a port can stand in either array, a pair in one. */
static void cut_arrays(struct ports *p)
{
	uint32_t *at = p->arrays;
	unsigned int pools = (unsigned int)p->limits.media_count * p->limits.workers;

	for (uint32_t slot = 0; slot < p->slots; slot++)
		pool_of(p, slot)->port_count++;
	for (unsigned int i = 0; i < pools; i++) {
		struct pool *pool = &p->pools[i];

		pool->oldest = pool->newest = SLOT_NONE;
		pool->pairs = at;
		pool->singles = at + pool->port_count;
		at += (size_t)2 * pool->port_count;
	}
}

int ports_new(const struct rw_limits *limits, struct ports **out)
{
	struct ports *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->limits = *limits;
	p->slots = rw_flow_slots(limits);
	p->port = calloc(p->slots, sizeof(*p->port));
	p->pools = calloc((size_t)limits->media_count * limits->workers, sizeof(*p->pools));
	p->arrays = calloc(p->slots, 2 * sizeof(*p->arrays));
	if (!p->port || !p->pools || !p->arrays) {
		ports_free(p);
		return -ENOMEM;
	}
	cut_arrays(p);
	for (uint32_t slot = 0; slot < p->slots; slot++)
		make_free(p, slot);
	*out = p;
	return 0;
}

void ports_free(struct ports *p)
{
	if (!p)
		return;
	free(p->port);
	free(p->pools);
	free(p->arrays);
	free(p);
}

static uint32_t room(const struct ports *p, unsigned int media, unsigned int shard)
{
	const struct pool *pool = pool_at(p, media, shard);

	return 2 * pool->pair_count + pool->single_count + pool->resting_count;
}

unsigned int ports_choose_shard(const struct ports *p, unsigned int media_a, unsigned int media_b)
{
	uint32_t best_room = 0;
	unsigned int best = 0;

	for (unsigned int shard = 0; shard < p->limits.workers; shard++) {
		uint32_t a = room(p, media_a, shard), b = room(p, media_b, shard);
		uint32_t least = a < b ? a : b;

		if (least > best_room) {
			best_room = least;
			best = shard;
		}
	}
	return best;
}

int ports_take_pair(struct ports *p, unsigned int media, unsigned int shard, uint64_t now_ms,
		    rw_flow_id *id)
{
	struct pool *pool = pool_at(p, media, shard);
	uint32_t slot;

	wake_rested(p, pool, now_ms);
	while (pool->pair_count == 0 && pool->oldest != SLOT_NONE)
		wake_oldest(p, pool);
	if (pool->pair_count == 0)
		return -ENOSPC;
	slot = pool->pairs[random_below(pool->pair_count)];
	drop(p, pool->pairs, &pool->pair_count, slot);
	p->port[slot].state = p->port[slot + 1].state = PORT_USED;
	*id = slot_id(p, slot);
	return 0;
}

/* Breaks up the free pair that slot belongs to: slot is used, its neighbour free alone. */
static void take_half(struct ports *p, struct pool *pool, uint32_t slot)
{
	uint32_t mate = mate_of(p, slot);

	drop(p, pool->pairs, &pool->pair_count, even_of(p, slot));
	p->port[slot].state = PORT_USED;
	p->port[mate].state = PORT_SINGLE;
	push(p, pool->singles, &pool->single_count, mate);
}

int ports_take_single(struct ports *p, unsigned int media, unsigned int shard, uint64_t now_ms,
		      rw_flow_id *id)
{
	struct pool *pool = pool_at(p, media, shard);
	uint32_t slot;

	wake_rested(p, pool, now_ms);
	if (pool->single_count == 0 && pool->pair_count == 0 && pool->oldest != SLOT_NONE)
		wake_oldest(p, pool);
	if (pool->single_count) {
		slot = pool->singles[random_below(pool->single_count)];
		drop(p, pool->singles, &pool->single_count, slot);
		p->port[slot].state = PORT_USED;
	} else if (pool->pair_count) {
		slot = pool->pairs[random_below(pool->pair_count)];
		take_half(p, pool, slot);
	} else {
		return -ENOSPC;
	}
	*id = slot_id(p, slot);
	return 0;
}

int ports_claim(struct ports *p, rw_flow_id id)
{
	struct pool *pool;
	uint32_t slot;

	if (!rw_flow_id_valid(id, &p->limits))
		return -EINVAL;
	slot = rw_flow_slot(id, &p->limits);
	pool = pool_of(p, slot);
	switch ((enum port_state)p->port[slot].state) {
	case PORT_USED:
		return -EBUSY;
	case PORT_PAIR:
		take_half(p, pool, slot);
		return 0;
	case PORT_SINGLE:
		drop(p, pool->singles, &pool->single_count, slot);
		break;
	case PORT_RESTING:
		wake(p, pool, slot);
		break;
	}
	p->port[slot].state = PORT_USED;
	return 0;
}

static uint32_t used_slot(const struct ports *p, rw_flow_id id)
{
	uint32_t slot;

	if (!rw_flow_id_valid(id, &p->limits))
		return SLOT_NONE;
	slot = rw_flow_slot(id, &p->limits);
	return p->port[slot].state == PORT_USED ? slot : SLOT_NONE;
}

void ports_release(struct ports *p, rw_flow_id id, uint64_t now_ms)
{
	uint32_t slot = used_slot(p, id);

	if (slot != SLOT_NONE)
		rest(p, slot, now_ms);
}

void ports_give_back(struct ports *p, rw_flow_id id)
{
	uint32_t slot = used_slot(p, id);

	if (slot != SLOT_NONE)
		make_free(p, slot);
}

void ports_usage(const struct ports *p, unsigned int media, struct ports_usage *out)
{
	*out = (struct ports_usage){ 0 };
	for (unsigned int shard = 0; shard < p->limits.workers; shard++) {
		const struct pool *pool = pool_at(p, media, shard);

		out->total += pool->port_count;
		out->quarantined += pool->resting_count;
		out->free += 2 * pool->pair_count + pool->single_count;
	}
	out->used = out->total - out->free - out->quarantined;
}

static int check_port(const struct ports *p, uint32_t slot)
{
	const struct pool *pool = pool_of(p, slot);
	const struct port *port = &p->port[slot];
	uint32_t mate = mate_of(p, slot), even = even_of(p, slot);

	switch ((enum port_state)port->state) {
	case PORT_PAIR:
		if (mate == SLOT_NONE || p->port[mate].state != PORT_PAIR ||
		    pool->pairs[p->port[even].place] != even)
			return -EIO;
		break;
	case PORT_SINGLE:
		if (pool->singles[port->place] != slot ||
		    (mate != SLOT_NONE && p->port[mate].state == PORT_SINGLE))
			return -EIO;
		break;
	case PORT_RESTING:
	case PORT_USED:
		break;
	}
	return 0;
}

int ports_check(const struct ports *p)
{
	uint32_t counts[4] = { 0 }, pairs = 0, singles = 0, resting = 0;
	unsigned int pools = (unsigned int)p->limits.media_count * p->limits.workers;

	for (uint32_t slot = 0; slot < p->slots; slot++) {
		if (check_port(p, slot))
			return -EIO;
		counts[p->port[slot].state]++;
	}
	for (unsigned int i = 0; i < pools; i++) {
		pairs += p->pools[i].pair_count;
		singles += p->pools[i].single_count;
		for (uint32_t s = p->pools[i].oldest; s != SLOT_NONE; s = p->port[s].next)
			resting++;
	}
	return counts[PORT_PAIR] == 2 * pairs && counts[PORT_SINGLE] == singles &&
			       counts[PORT_RESTING] == resting
		       ? 0
		       : -EIO;
}
