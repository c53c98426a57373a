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

const struct path_stage path_stages[PATH_STAGES] = {
	{ "parse", stage_parse },	  { "lookup", stage_lookup }, { "source", stage_source },
	{ "unprotect", stage_unprotect }, { "rtp", stage_rtp },	      { "protect", stage_protect },
	{ "egress", stage_egress },
};

void path_run(struct path *w, struct batch *b)
{
	for (unsigned int i = 0; i < PATH_STAGES && b->live; i++)
		path_stages[i].run(w, b);
}
