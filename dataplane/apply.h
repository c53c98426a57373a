/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the manager tells a worker, applied between bursts. No DPDK type here. Thread: worker.
 */
#ifndef RTPWIRE_DATAPLANE_APPLY_H
#define RTPWIRE_DATAPLANE_APPLY_H

#include "stage.h"

#define APPLY_MAX 16u /* mails, and flows of a snapshot, per call */

/*
 * Takes what is in the mailbox and goes on with a snapshot, as far as the ring of reports has room
 * for the answers. Never blocks. Returns the number of mails applied and flows reported.
 */
unsigned int apply(struct path *w);

#endif
