/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet buffers. Main thread.
 */
#ifndef RTPWIRE_DATAPLANE_POOL_H
#define RTPWIRE_DATAPLANE_POOL_H

#include "eal.h"

struct rte_mempool;

/* Makes the buffers that the plan asks for, shared by all ports. 0 and *out (rte_mempool_free), or -EIO (logged). */
int pool_new(const struct eal_plan *plan, struct rte_mempool **out);

#endif
