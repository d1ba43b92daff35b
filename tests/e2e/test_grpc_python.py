# SPDX-License-Identifier: Apache-2.0
"""Python's grpcio, unmodified, which learns every message of ours by reflection alone: only the
reflection protocol's own two messages are written down here
(grpc/reflection/v1/reflection.proto)."""
import subprocess
import sys

import agent as harness

try:
    import grpc
    from google.protobuf import descriptor_pb2, descriptor_pool
    try:
        from google.protobuf.message_factory import GetMessageClass
    except ImportError:  # protobuf before 4.22
        from google.protobuf import message_factory

        def GetMessageClass(descriptor):
            return message_factory.MessageFactory().GetPrototype(descriptor)
except ImportError as error:
    print(f"SKIP: {error} (packages python3-grpcio, python3-protobuf)")
    sys.exit(77)

N_EVENTS = 1000


def reflection_file(package):
    """The part of reflection.proto that is used, as a descriptor."""
    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package,
                                              syntax="proto3")

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for number, (field_name, kind, label, type_name) in fields:
            made.field.add(name=field_name, number=number, type=kind, label=label,
                           type_name=f".{package}.{type_name}" if type_name else None)

    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    message("ServerReflectionRequest",
            (3, ("file_by_filename", field.TYPE_STRING, one, "")),
            (4, ("file_containing_symbol", field.TYPE_STRING, one, "")),
            (7, ("list_services", field.TYPE_STRING, one, "")))
    message("FileDescriptorResponse",
            (1, ("file_descriptor_proto", field.TYPE_BYTES, many, "")))
    message("ServiceResponse", (1, ("name", field.TYPE_STRING, one, "")))
    message("ListServiceResponse",
            (1, ("service", field.TYPE_MESSAGE, many, "ServiceResponse")))
    message("ErrorResponse",
            (1, ("error_code", field.TYPE_INT32, one, "")),
            (2, ("error_message", field.TYPE_STRING, one, "")))
    message("ServerReflectionResponse",
            (4, ("file_descriptor_response", field.TYPE_MESSAGE, one, "FileDescriptorResponse")),
            (6, ("list_services_response", field.TYPE_MESSAGE, one, "ListServiceResponse")),
            (7, ("error_response", field.TYPE_MESSAGE, one, "ErrorResponse")))
    return file


class Reflected:
    """A client that knows a server by its reflection service only."""

    def __init__(self, channel, version="v1"):
        package = f"grpc.reflection.{version}"
        pool = descriptor_pool.DescriptorPool()
        pool.Add(reflection_file(package))
        self.request = GetMessageClass(
            pool.FindMessageTypeByName(f"{package}.ServerReflectionRequest"))
        self.ask_server = channel.stream_stream(
            f"/{package}.ServerReflection/ServerReflectionInfo",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=GetMessageClass(
                pool.FindMessageTypeByName(f"{package}.ServerReflectionResponse")).FromString)
        self.channel = channel
        self.pool = descriptor_pool.DescriptorPool()
        self.known = set()

    def ask(self, **question):
        return next(self.ask_server(iter([self.request(**question)]), timeout=harness.PATIENCE))

    def services(self):
        answer = self.ask(list_services="*")
        return [service.name for service in answer.list_services_response.service]

    def learn(self, **question):
        files = self.ask(**question).file_descriptor_response.file_descriptor_proto
        for data in files:
            file = descriptor_pb2.FileDescriptorProto.FromString(data)
            if file.name in self.known:
                continue
            self.known.add(file.name)
            for dependency in file.dependency:
                if dependency not in self.known:
                    self.learn(file_by_filename=dependency)
            self.pool.Add(file)

    def method(self, service, name):
        """A callable of one method and the class of its request."""
        self.learn(file_containing_symbol=service)
        method = self.pool.FindServiceByName(service).FindMethodByName(name)
        own = descriptor_pb2.MethodDescriptorProto()
        method.CopyToProto(own)
        make = self.channel.unary_stream if own.server_streaming else self.channel.unary_unary
        call = make(f"/{service}/{name}", request_serializer=lambda m: m.SerializeToString(),
                    response_deserializer=GetMessageClass(method.output_type).FromString)
        return call, GetMessageClass(method.input_type)


class Python(harness.AgentTest):
    def setUp(self):
        super().setUp()
        self.channel = grpc.insecure_channel(self.agent.host)
        self.addCleanup(self.channel.close)
        self.client = Reflected(self.channel)

    def call(self, service_name, method_name, /, **fields):
        method, request = self.client.method(service_name, method_name)
        return method(request(**fields), timeout=harness.PATIENCE)

    def test_reflection_lists_the_services(self):
        wanted = {"eunomia.v1.Trackers", "eunomia.v1.Events", "eunomia.v1.Agent",
                  "grpc.health.v1.Health"}
        for version in ("v1", "v1alpha"):
            self.assertLessEqual(wanted, set(Reflected(self.channel, version).services()))

    def test_reflection_says_what_it_does_not_know(self):
        answer = self.client.ask(file_containing_symbol="no.such.Symbol")
        self.assertEqual(answer.error_response.error_code, grpc.StatusCode.NOT_FOUND.value[0])

    def test_start_list_stream_stop(self):
        with open(harness.NUMBERED, "rb") as file:
            package = file.read()
        with subprocess.Popen([harness.GENERATOR, "getppid", str(N_EVENTS), "20000"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as generator:
            started = self.call("eunomia.v1.Trackers", "Start", package=package, name="numbers",
                                settings=[{"key": "only_pid", "value": str(generator.pid)}])
            self.assertEqual(started.slot.name, "numbers")
            listed = self.call("eunomia.v1.Trackers", "List")
            self.assertEqual([slot.name for slot in listed.slots], ["numbers"])

            stream = self.call("eunomia.v1.Events", "Stream", slots=["numbers"], limit=N_EVENTS)
            first = next(stream)
            self.assertEqual(first.WhichOneof("kind"), "schema")
            self.assertEqual([m.name for m in first.schema.members], ["number", "pid", "comm"])
            generator.communicate(b"\n")
            events = []
            for reply in stream:
                self.assertEqual(reply.WhichOneof("kind"), "batch", reply)
                events += reply.batch.events
        self.assertEqual(len(events), N_EVENTS)
        self.assertEqual([f'"number":{i + 1},' in event.json for i, event in enumerate(events)],
                         [True] * N_EVENTS)
        numbers = [event.seq for event in events]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.call("eunomia.v1.Trackers", "Stop", name="numbers")
        self.assertEqual(len(self.call("eunomia.v1.Trackers", "List").slots), 0)

    def test_swap_rollback_history(self):
        self.agent.start_numbered("numbers", pid=1)
        start = {"name": "numbers", "settings": [{"key": "only_pid", "value": "2"}]}
        swapped = self.call("eunomia.v1.Trackers", "Swap", start=start, expected_generation=1,
                            maps=1)
        self.assertEqual((swapped.old_generation, swapped.new_generation, swapped.exact),
                         (1, 2, True))
        self.assertEqual(swapped.slot.generation, 2)
        self.assertEqual([(hook.how, hook.change) for hook in swapped.hooks], [("gate", "kept")])
        self.assertIn(("events", True), [(one.name, one.reused) for one in swapped.maps])
        with self.assertRaises(grpc.RpcError) as caught:
            self.call("eunomia.v1.Trackers", "Swap", start=start, expected_generation=1)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        back = self.call("eunomia.v1.Trackers", "Rollback", name="numbers")
        self.assertEqual((back.old_generation, back.new_generation), (2, 1))
        history = self.call("eunomia.v1.Trackers", "History", name="numbers")
        self.assertEqual([(one.number, one.state) for one in history.generations],
                         [(1, "running"), (2, "loaded")])
        self.assertEqual(history.generations[1].settings[0].value, "2")

    def test_health(self):
        self.assertEqual(self.call("grpc.health.v1.Health", "Check", service="").status, 1)
        with self.assertRaises(grpc.RpcError) as caught:
            self.call("grpc.health.v1.Health", "Check", service="numbers")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        watch = self.call("grpc.health.v1.Health", "Watch", service="numbers")
        self.assertEqual(next(watch).status, 3)  # SERVICE_UNKNOWN
        self.agent.start_numbered("numbers")
        self.assertEqual(next(watch).status, 1)  # SERVING
        self.assertEqual(self.call("grpc.health.v1.Health", "Check", service="numbers").status, 1)
        self.agent.ctl("stop", "numbers")
        self.assertEqual(next(watch).status, 3)
        watch.cancel()

    def test_errors_carry_status_and_words(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.call("eunomia.v1.Trackers", "Stop", name="nobody")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        self.assertIn("nobody", caught.exception.details())
        with self.assertRaises(grpc.RpcError) as caught:
            self.call("eunomia.v1.Trackers", "Start", package=b"{", name="broken")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        with self.assertRaises(grpc.RpcError) as caught:
            self.channel.unary_unary("/eunomia.v1.Trackers/Nothing")(b"", timeout=harness.PATIENCE)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_cancel_and_deadline_end_a_stream(self):
        self.agent.start_numbered("numbers")
        before = harness.n_fds(self.agent.pid)
        stream = self.call("eunomia.v1.Events", "Stream", slots=["numbers"])
        next(stream)
        stream.cancel()
        method, request = self.client.method("eunomia.v1.Events", "Stream")
        with self.assertRaises(grpc.RpcError) as caught:
            for _ in method(request(slots=["numbers"]), timeout=0.3):
                pass
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.channel.close()
        harness.wait_until(lambda: harness.n_fds(self.agent.pid) <= before,
                           "the connection is closed")
        self.assertEqual(self.agent.slots()["numbers"]["state"], "running")


if __name__ == "__main__":
    harness.main()
