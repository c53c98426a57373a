/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet buffers. Main thread.
 *
 * net_af_xdp gives the kernel the pool's memory as one block of as many bytes as all buffers have, from
 * the first one on. DPDK however leaves a gap where a buffer would cross the end of a page, so the last
 * buffers would lie behind the block: the kernel drops each one it gets, and in the end the port
 * is deaf. Buffers that fill a page leave no gap.
 */
#include "pool.h"

#include <errno.h>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#include "log.h"

#define POOL_CACHE 256

/* Gives the pool one block that begins with a page. It lives as long as DPDK. 0 or -errno. */
static int populate(struct rte_mempool *mp)
{
	size_t each = mp->header_size + mp->elt_size + mp->trailer_size;
	const struct rte_memzone *mz =
		rte_memzone_reserve_aligned("rtpwire_buffers", each * mp->size, SOCKET_ID_ANY, 0,
					    EAL_PAGE_BYTES);
	size_t page;
	int rc;

	if (!mz)
		return -rte_errno;
	rc = rte_mempool_get_page_size(mp, &page);
	if (rc == 0)
		rc = rte_mempool_populate_virt(mp, mz->addr, mz->len, page, NULL, NULL);
	return rc;
}

/* rte_pktmbuf_pool_create(), but buffers lie side by side as they are. NULL and rte_errno when it fails. */
static struct rte_mempool *create(const struct eal_plan *plan)
{
	struct rte_pktmbuf_pool_private private = { .mbuf_data_room_size =
							    (uint16_t)plan->data_room_bytes };
	struct rte_mempool *mp =
		rte_mempool_create_empty("rtpwire", plan->mbufs,
					 (unsigned int)sizeof(struct rte_mbuf) +
						 plan->data_room_bytes,
					 POOL_CACHE, sizeof(private), SOCKET_ID_ANY,
					 plan->whole_pages ? RTE_MEMPOOL_F_NO_SPREAD : 0);
	int rc;

	if (!mp)
		return NULL;
	rc = rte_mempool_set_ops_byname(mp, rte_mbuf_best_mempool_ops(), NULL);
	if (rc == 0) {
		rte_pktmbuf_pool_init(mp, &private);
		rc = plan->whole_pages ? populate(mp) : rte_mempool_populate_default(mp);
	}
	if (rc < 0) {
		rte_mempool_free(mp);
		rte_errno = -rc;
		return NULL;
	}
	rte_mempool_obj_iter(mp, rte_pktmbuf_init, NULL);
	return mp;
}

/* True when all buffers lie without a gap behind the first one. */
static bool is_one_block(struct rte_mempool *mp)
{
	struct rte_mempool_memhdr *first = STAILQ_FIRST(&mp->mem_list);
	size_t each = mp->header_size + mp->elt_size + mp->trailer_size;

	return mp->populated_size == mp->size && mp->nb_mem_chunks == 1 &&
	       (uintptr_t)first->addr % EAL_PAGE_BYTES == 0 && each % EAL_PAGE_BYTES == 0 &&
	       first->len >= each * mp->populated_size;
}

int pool_new(const struct eal_plan *plan, struct rte_mempool **out)
{
	struct rte_mempool *mp = create(plan);

	if (!mp) {
		log_error("no memory for %u packet buffers: %s; give less with --mbufs",
			  plan->mbufs, rte_strerror(rte_errno));
		return -EIO;
	}
	if (plan->whole_pages && !is_one_block(mp)) {
		log_error("memory for %u packet buffers is not in one piece, as xdp: needs it; "
			  "free more huge pages or use --no-hugepages",
			  plan->mbufs);
		rte_mempool_free(mp);
		return -EIO;
	}
	*out = mp;
	return 0;
}
