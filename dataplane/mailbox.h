/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages between the manager thread and one worker: two SPSC rings (rtpwire/ring.h) in private memory,
 * plus one for punts (slots of struct rw_punt). What comes through a mailbox was validated by the
 * manager; a worker trusts it. No DPDK type here.
 */
#ifndef RTPWIRE_DATAPLANE_MAILBOX_H
#define RTPWIRE_DATAPLANE_MAILBOX_H

#include <stdint.h>

#include "rtpwire/flow.h"

/* manager → worker */
enum mail_type {
	MAIL_FLOW_SET = 1, /* spec, adj; answered by REPORT_ACK */
	MAIL_FLOW_DEL, /* spec.id, spec.generation; answered by REPORT_ACK */
	MAIL_SNAPSHOT, /* answered by REPORT_FLOW for each live flow, then REPORT_ACK */
	MAIL_ADJ, /* answer to REPORT_RESOLVE: flow spec.id uses adj if its peer has spec.peer's address */
};

struct mail {
	uint32_t type; /* enum mail_type */
	uint32_t adj; /* entry of the adjacency table for spec.peer; ADJ_NONE when it has no peer */
	uint64_t seq; /* returned in the ACK */
	struct rw_flow_spec spec;
};

/* worker → manager */
enum report_type {
	REPORT_ACK = 1, /* seq, status */
	REPORT_FLOW, /* spec with peer and source as of now */
	REPORT_RESOLVE, /* flow spec.id has learned spec.peer; the manager answers with MAIL_ADJ */
	REPORT_RELEASE, /* follows a MAIL_ADJ when there is something to give back: adj */
};

/*
 * Each mail whose adj is not ADJ_NONE gives the worker one reference to that entry, also if the flow
 * has that entry already. Each reference comes back exactly once, in the adj of a report (other than
 * REPORT_FLOW); the manager then releases it.
 */
struct report {
	uint32_t type; /* enum report_type */
	uint32_t status; /* enum rw_ack_status */
	uint64_t seq;
	uint32_t adj; /* ACK, RESOLVE, RELEASE: reference given back to the manager, or ADJ_NONE */
	uint32_t zero;
	struct rw_flow_spec spec;
};

#define MAIL_SLOTS 1024u
#define MAIL_SLOT_BYTES ((uint32_t)sizeof(struct mail))
#define REPORT_SLOTS 1024u
#define REPORT_SLOT_BYTES ((uint32_t)sizeof(struct report))
#define PUNT_SLOTS 256u

_Static_assert(sizeof(struct mail) % 8 == 0 && sizeof(struct report) % 8 == 0, "aligned slots");

#endif
