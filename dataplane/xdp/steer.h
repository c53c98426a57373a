/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the steering program in the kernel and the program that loads it agree on.
 */
#ifndef RTPWIRE_DATAPLANE_STEER_H
#define RTPWIRE_DATAPLANE_STEER_H

#include <linux/types.h>

#define STEER_PROGRAM "rtpwire_steer" /* at most 15 characters: the kernel cuts names there */
#define STEER_QUEUES_MAX 64
#define STEER_MEDIA_MAX 16 /* RW_MEDIA_MAX */

/* UDP destination ports that are media, host byte order, both included. */
struct steer_range {
	__u16 port_min;
	__u16 port_max;
};

#endif
