/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told of a client that runs as a service of its own (sd_notify(3)). */
#pragma once

#include "base/macro.h"

/* Sends a message such as "READY=1"; without a service manager nothing happens. */
void notify_send(const char *format, ...) EUB_PRINTF(1, 2);
