/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start-up report: what runs where, and every limit that applies. Main thread.
 */
#ifndef RTPWIRE_DATAPLANE_REPORT_H
#define RTPWIRE_DATAPLANE_REPORT_H

#include "eal.h"
#include "port.h"
#include "srtp_measure.h"

/* Writes the report to standard error, as messages of level info. ports must be open. */
void report_start(const struct config *c, const struct eal_plan *plan, const struct ports *ports,
		  const struct srtp_cost *cost);

/* All ports as typed, separated by commas and cut to bytes (NUL included): for hello. Returns buf. */
const char *report_backend(const struct config *c, char *buf, size_t bytes);

#endif
