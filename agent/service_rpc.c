/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins the methods of eunomia.v1, the standard health service and reflection into the one
 * rpc_server that every client's session uses, and says who may call what.
 */
#include "service_internal.h"

#include "conn.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "rpc/descriptor_set.h"
#include "rpc/health.h"
#include "rpc/reflection.h"

#include <eunomia/engine.h>

#include <malloc.h>
#include <string.h>

#define TRIM_AFTER_MS 10000

static int authorize(struct rpc_session *session, const struct rpc_method *method,
		     struct eun_error *err)
{
	struct service *service = rpc_session_get_server(session)->userdata;
	struct service_audit audit = { .service = service, .peer = *conn_get_peer(session) };
	int r = peer_authorize(&audit.peer, (enum peer_role)method->role, service->config, err);

	/* A refused change is as worth knowing as one that was made. */
	if (r < 0 && method->role == PEER_CONTROL) {
		audit.method = strrchr(method->path, '/') + 1;
		service_audit_end(&audit, err);
	}
	return r;
}

static void on_trim_due(uv_timer_t *timer)
{
	const struct service *service = timer->data;

	eun_engine_trim(service->engine);
	(void)malloc_trim(0); /* whether something was given back does not matter */
}

void service_arm_trim(struct service *service)
{
	if (!service->is_stopping)
		(void)uv_timer_start(&service->trim, on_trim_due, TRIM_AFTER_MS, 0);
}

int service_init(struct service *service, uv_loop_t *loop)
{
	int r = uv_timer_init(loop, &service->trim);

	if (r < 0)
		return r;
	service->trim.data = service;
	service->started_wall_ns = eub_clock_wall_ns();
	r = rpc_health_new(&service->health);
	if (r == 0)
		r = rpc_health_set(service->health, "", RPC_HEALTH_SERVING);
	if (r == 0)
		r = rpc_reflection_new(descriptor_set, descriptor_set_size, &service->reflection);
	if (r < 0)
		return r;
	service->services[0] = service_get_own(service);
	service->services[1] = rpc_health_get_service(service->health);
	service->services[2] = rpc_reflection_get_service(service->reflection);
	service->server = (struct rpc_server){ .services = service->services,
					       .n_services = EUB_ARRAY_SIZE(service->services),
					       .authorize = authorize,
					       .on_dirty = conn_on_dirty,
					       .userdata = service };
	return 0;
}

void service_done(struct service *service)
{
	service->health = rpc_health_free(service->health);
	service->reflection = rpc_reflection_free(service->reflection);
}

void service_note_slot(struct service *service, const char *name, bool is_serving)
{
	int r = rpc_health_set(service->health, name,
			       is_serving ? RPC_HEALTH_SERVING : RPC_HEALTH_GONE);

	/* No reason to fail the slot. */
	if (r < 0)
		log_warning(service->log,
			    "cannot report the health of '%s': %s, continuing without", name,
			    strerror(-r));
}

void service_begin_stop(struct service *service)
{
	service->is_stopping = true;
	rpc_health_shutdown(service->health);
}
