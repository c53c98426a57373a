/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bencode in and out. The reader is tolerant where proxies are sloppy (order and repetition of
 * keys, bytes after the end, a missing last 'e'); it is strict about lengths, and never reads
 * outside its text. Pure; control's only thread.
 */
#ifndef RTPWIRE_CONTROL_BENCODE_H
#define RTPWIRE_CONTROL_BENCODE_H

#include "arena.h"
#include "str.h"
#include "value.h"

#define NG_DEPTH_MAX 32 /* dictionaries and lists inside each other */
#define NG_ITEMS_MAX 65536 /* values of one message */

/*
 * Reads one dictionary at the start of text. Strings are views into text, which must live as long
 * as *out. 0; -EINVAL when it is none; -E2BIG beyond the limits above; -ENOMEM.
 */
int bencode_decode(struct arena *a, struct str text, const struct ng_value **out);

/* The text of v in the arena, keys in the order of the tree; p is NULL when memory is out. */
struct str bencode_encode(struct arena *a, const struct ng_value *v);

#endif
