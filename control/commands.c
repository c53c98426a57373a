/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of ng commands. Control's only thread.
 */
#include "commands.h"

const struct ng_command ng_commands[] = {
	{ "ping", cmd_ping, "are you there?" },
	{ "offer", cmd_offer, "SDP of an offer: rewrite it, open ports" },
	{ "answer", cmd_answer, "SDP of an answer: rewrite it, start to relay" },
	{ "delete", cmd_delete, "end a call, or a branch of it" },
	{ "query", cmd_query, "all that is known of a call" },
	{ "list", cmd_list, "call-ids of running calls" },
	{ "statistics", cmd_statistics, "sums over all calls" },
	{ "start recording", NULL, "record a call" },
	{ "stop recording", NULL, "end the recording" },
	{ "pause recording", NULL, "pause the recording" },
	{ "block DTMF", NULL, "let no telephone events pass" },
	{ "unblock DTMF", NULL, "let telephone events pass" },
	{ "block media", NULL, "let no media pass" },
	{ "unblock media", NULL, "let media pass" },
	{ "silence media", NULL, "replace media by silence" },
	{ "unsilence media", NULL, "let media be heard" },
	{ "start forwarding", NULL, "copy media to somebody else" },
	{ "stop forwarding", NULL, "end the copying" },
	{ "play media", NULL, "play a file to a party" },
	{ "stop media", NULL, "end the playing" },
	{ "play DTMF", NULL, "send telephone events to a party" },
	{ "publish", NULL, "take media for subscribers" },
	{ "subscribe request", NULL, "offer a party's media to a subscriber" },
	{ "subscribe answer", NULL, "answer of the subscriber" },
	{ "unsubscribe", NULL, "end a subscription" },
	{ "connect", NULL, "connect two parties" },
	{ "create", NULL, "make an offer" },
	{ "create answer", NULL, "make an answer" },
	{ "mesh", NULL, "connect many parties" },
	{ "inject start", NULL, "mix audio into a call" },
	{ "inject stop", NULL, "end the mixing" },
	{ "transform", NULL, "transcode outside of calls" },
	{ "cli", NULL, "command line of the incumbent" },
};

const size_t ng_command_count = sizeof(ng_commands) / sizeof(ng_commands[0]);
