/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Types for members of events that are printed in a form of their own. The engine knows them by
 * name; to everyone else they are plain bytes.
 */
#pragma once

#include <linux/types.h>

typedef __u8 eun_ipv4[4];  /* network byte order: 192.0.2.1 */
typedef __u8 eun_ipv6[16]; /* network byte order: 2001:db8::1 */
typedef __u8 eun_ip[16];   /* as eun_ipv6; ::ffff:192.0.2.1 (IPv4-mapped) prints as 192.0.2.1 */
