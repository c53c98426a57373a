/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Handlers of the ng commands; each answers its request. Control's only thread.
 */
#ifndef RTPWIRE_CONTROL_COMMANDS_H
#define RTPWIRE_CONTROL_COMMANDS_H

#include "engine_internal.h"

void cmd_ping(struct engine *eng, struct ng_request *rq);
void cmd_offer(struct engine *eng, struct ng_request *rq);
void cmd_answer(struct engine *eng, struct ng_request *rq);
void cmd_delete(struct engine *eng, struct ng_request *rq);
void cmd_query(struct engine *eng, struct ng_request *rq);
void cmd_list(struct engine *eng, struct ng_request *rq);
void cmd_statistics(struct engine *eng, struct ng_request *rq);

/*
 * Adds what `query` and `delete` say about a call to reply: of the party with this tag and those it talks with,
 * or (tag p NULL) of all; a tag that is not known is nobody's.
 */
void query_call(struct engine *eng, struct arena *a, struct call *c, struct str tag,
		struct ng_value *reply);

#endif
