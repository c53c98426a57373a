/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where SRTP streams go on when their key comes to a flow that did not have it: in a dataplane that was started
 * anew, or on another port of the same media. Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_STREAMS_H
#define RTPWIRE_CONTROL_STREAMS_H

#include "rtpwire/flow.h"
#include "rtpwire/stats.h"

/* SRTCP packets that may have been sent since the statistics were written: no index is used twice. */
#define STREAMS_SRTCP_MARGIN 64u

/* Fills spec->rx_streams or spec->tx_streams from the statistics of a flow that had the same key. */
void streams_resume_rx(struct rw_flow_spec *spec, const struct rw_flow_stats *st);
void streams_resume_tx(struct rw_flow_spec *spec, const struct rw_flow_stats *st);

#endif
