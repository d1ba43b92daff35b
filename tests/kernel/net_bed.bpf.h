/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What both sides know of net_bed.c's traffic. */
#pragma once

#define NET_BED_PORT 4711
