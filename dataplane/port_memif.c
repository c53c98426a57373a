/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memif: and null: ports without a kernel, for benchmarks and tests. Main thread.
 */
#include "port.h"

#include <stdio.h>

static int memif_check(const struct ports *ps, struct port *p)
{
	(void)ps;
	/* both ends must agree on the number, and the other end does not know our workers */
	if (!p->queues)
		p->queues = 1;
	return 0;
}

static void memif_args(const struct port *p, unsigned int n, char *buf, size_t bytes)
{
	(void)n;
	/* the list begins with a comma */
	snprintf(buf, bytes, "%s", p->spec->devargs + 1);
}

/* Otherwise it would hand out empty frames as fast as they are asked for. */
static void null_args(const struct port *p, unsigned int n, char *buf, size_t bytes)
{
	(void)p;
	(void)n;
	snprintf(buf, bytes, "no-rx=1");
}

const struct port_ops port_memif_ops = { "net_memif", memif_check, memif_args, NULL, NULL };
const struct port_ops port_null_ops = { "net_null", memif_check, null_args, NULL, NULL };
