/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pipe as a whole, on plain memory. Thread: worker.
 */
#include "stage.h"

int path_init(struct path *w, const struct path_config *config)
{
	memset(w, 0, sizeof(*w));
	w->config = *config;
	return flow_table_init(&w->table, rw_flow_slots(&config->limits), config->srtp);
}

void path_free(struct path *w)
{
	flow_table_free(&w->table);
}

void path_run(struct path *w, struct batch *b)
{
	stage_parse(w, b);
	if (b->live == 0)
		return;
	stage_lookup(w, b);
	stage_source(w, b);
	if (b->secured)
		stage_unprotect(w, b);
	stage_rtp(w, b);
	if (b->securing)
		stage_protect(w, b);
	stage_egress(w, b);
}
