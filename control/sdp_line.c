/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Values of single SDP lines: o=, c=, b=, m= (RFC 8866 section 5). Pure; control's only thread.
 */
#include "sdp_line.h"

#include "sdp_scan.h"

bool sdp_line_next(struct str *rest, struct str *line)
{
	if (!rest->n)
		return false;
	*line = scan_until(rest, '\n', NULL);
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return line->n != 0;
}

/* The field up to the next blank; false when that was the last one. */
static bool origin_field(struct str *rest, struct str *out)
{
	bool more;

	*out = scan_until(rest, ' ', &more);
	return more;
}

/*
 * Fields may be empty, since an SDP without o= is passed on with empty ones. The version is taken like
 * the incumbent does: leading digits, too big ones saturate, none is 0. The address is all the rest.
 */
bool sdp_origin_parse(struct str value, struct sdp_origin *out)
{
	struct sdp_origin o = { .present = true };
	struct str version;

	if (!origin_field(&value, &o.username) || !origin_field(&value, &o.session_id) ||
	    !origin_field(&value, &version) || !origin_field(&value, &o.net_type) ||
	    !origin_field(&value, &o.address_type))
		return false;
	o.address = value;
	scan_number(&version, UINT64_MAX, &o.version);
	*out = o;
	return true;
}

bool sdp_address_parse(struct str value, struct rw_ip *out)
{
	char text[RW_IP_TEXT];
	struct str type, address;
	struct rw_ip ip;

	if (!str_is(scan_word(&value), "IN"))
		return false;
	type = scan_word(&value);
	address = scan_word(&value);
	scan_blanks(&value);
	if (value.n || !address.n || address.n >= sizeof(text))
		return false;
	memcpy(text, address.p, address.n);
	text[address.n] = '\0';
	if (rw_ip_parse(text, &ip))
		return false;
	if (!str_is(type, ip.family == RW_FAMILY_IP6 ? "IP6" : "IP4"))
		return false;
	*out = ip;
	return true;
}

void sdp_bandwidth_parse(struct str value, bool has[SDP_B_COUNT], uint64_t values[SDP_B_COUNT])
{
	struct str type = scan_until(&value, ':', NULL);

	for (unsigned int i = 0; i < SDP_B_COUNT; i++) {
		if (str_is(type, sdp_bandwidth_name(i)) &&
		    scan_number(&value, UINT64_MAX, &values[i]))
			has[i] = true;
	}
}

/* "5000" or "5000/2". */
static bool media_port_parse(struct str text, struct sdp_media *m)
{
	uint64_t port, count = 1;
	bool has_count;
	struct str port_text = scan_until(&text, '/', &has_count);

	if (!scan_whole_number(port_text, UINT16_MAX, &port))
		return false;
	if (has_count && (!scan_whole_number(text, UINT16_MAX, &count) || count == 0))
		return false;
	m->port = (uint16_t)port;
	m->port_count = (uint16_t)count;
	return true;
}

bool sdp_media_parse(struct str value, struct sdp_media *m)
{
	struct str type = scan_until(&value, ' ', NULL);
	struct str port = scan_word(&value);
	struct str proto = scan_word(&value);

	if (!type.n || !proto.n || !media_port_parse(port, m))
		return false;
	m->type = type;
	m->proto_text = proto;
	m->proto = sdp_proto_from(proto);
	m->formats_text = value;
	m->untouched = str_is(type, "message");
	return true;
}
