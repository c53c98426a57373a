/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams from statistics (streams.h). An entry is written now and then; the sequence number has gone on since, and
 * stands elsewhere in the statistics. Pure; control's only thread.
 */
#include "streams.h"

#define SRTCP_INDEX_MAX 0x7fffffffu /* RFC 3711 section 3.4: 31 bits */

/*
 * Entries are written every 1024 packets, so the number sent or heard last is a little ahead, perhaps past a wrap. One that
 * seems to be far ahead is a little behind: that of a late packet.
 */
static void go_on(struct rw_srtp_stream *s, uint16_t seq)
{
	if ((uint16_t)(seq - s->seq) > 0x8000)
		return;
	if (seq < s->seq)
		s->roc++;
	s->seq = seq;
}

static bool usable(const struct rw_srtp_stream *s)
{
	return s->used && rw_srtp_stream_valid(s);
}

void streams_resume_rx(struct rw_flow_spec *spec, const struct rw_flow_stats *st)
{
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++) {
		struct rw_srtp_stream *s = &spec->rx_streams[i];

		if (!usable(&st->srtp_rx[i]))
			continue;
		*s = st->srtp_rx[i];
		for (unsigned int k = 0; k < RW_SSRC_SLOTS; k++) {
			if (st->ssrc[k].packets && st->ssrc[k].ssrc == s->ssrc)
				go_on(s, (uint16_t)st->ssrc[k].max_ext_seq);
		}
	}
}

void streams_resume_tx(struct rw_flow_spec *spec, const struct rw_flow_stats *st)
{
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++) {
		struct rw_srtp_stream *s = &spec->tx_streams[i];

		if (!usable(&st->srtp_tx[i]))
			continue;
		*s = st->srtp_tx[i];
		if (st->tx_packets && st->tx_ssrc == s->ssrc)
			go_on(s, (uint16_t)st->tx_last_seq);
		if (s->srtcp_index > SRTCP_INDEX_MAX - STREAMS_SRTCP_MARGIN)
			s->srtcp_index = SRTCP_INDEX_MAX;
		else
			s->srtcp_index += STREAMS_SRTCP_MARGIN;
	}
}
