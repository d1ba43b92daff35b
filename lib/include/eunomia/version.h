/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EUNOMIA_VERSION_H
#define EUNOMIA_VERSION_H

#include <eunomia/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "MAJOR.MINOR.PATCH" of the library at run time; static, never NULL. */
EUN_PUBLIC const char *eun_version(void);

#ifdef __cplusplus
}
#endif
#endif
