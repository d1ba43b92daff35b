/* SPDX-License-Identifier: Apache-2.0 */
/* Tells by content what somebody gave as a package. */
#pragma once

#include <eunomia/error.h>

#include <stddef.h>

enum eun__content {
	EUN__CONTENT_JSON,
	EUN__CONTENT_ELF,
	EUN__CONTENT_REFUSED, /* nothing that can run; the error says what it is instead */
};

enum eun__content eun__sniff(const void *data, size_t size, struct eun_error *err);
