// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

// Pairing as a gRPC service. The peer server has one for each connection that comes while
// PairingCalls::is_open(); on other connections its methods are PERMISSION_DENIED. A connection of
// a device that is not pinned ends as soon as the pairing is not open any more.
//
// A method finds its caller in the context: the certificate in auth_context() as
// "x509_pem_cert", the address in peer().
//
// Threads: gRPC's; what waits must have a thread of its own. The service ends before `calls`.

#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>

#include "configsync/peer/pairing.h"

namespace configsync {

[[nodiscard]] std::unique_ptr<grpc::Service> MakePairingService(PairingCalls& calls);

}  // namespace configsync
