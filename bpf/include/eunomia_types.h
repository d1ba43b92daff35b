/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Types that eunomia prints as addresses (docs/events.md). A member of an event struct that has one
 * of these typedefs, or is an array of them, appears as text: "192.0.2.1". What counts is the name
 * of the typedef in the object's BTF, not the name of the member. Needs no other header, so it goes
 * with vmlinux.h as well as with <linux/types.h>.
 */
#ifndef EUNOMIA_TYPES_H
#define EUNOMIA_TYPES_H

/* IPv4 address in network byte order, as struct sock keeps it (skc_daddr). */
typedef unsigned int eun_ipv4;

/* IPv6 address: "2001:db8::1". */
typedef unsigned char eun_ipv6[16];

/* Either: an IPv6 address, or an IPv4 address mapped into one (::ffff:192.0.2.1), printed dotted.
 */
typedef unsigned char eun_ip[16];

#endif
