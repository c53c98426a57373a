/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command table for the tests of ng.c and ngsock*.c: commands that only answer.
 */
#ifndef RTPWIRE_TESTS_FAKE_COMMANDS_H
#define RTPWIRE_TESTS_FAKE_COMMANDS_H

#include "ng.h"

/*
 * ping   answers pong
 * count  answers how often it was run since the start of the test: n
 * echo   answers its argument `text`, or `bytes` times 'x'
 * later  is kept in fake_later until the test answers it
 * query  answers a reply as long as a long call's: `medias` of them
 * calls  answers a list of `count` call-ids
 * holes  answers a reply whose memory ran out
 * unbuilt has no handler
 */
extern struct ng_request *fake_later[];
extern unsigned int fake_later_count;
extern unsigned int fake_count;

#endif
