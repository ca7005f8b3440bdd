// SPDX-FileCopyrightText: The Lockstep authors
// SPDX-License-Identifier: BSD-3-Clause

#include "dataplane/dpdk/cipher.h"

#include <rte_crypto.h>
#include <rte_cryptodev.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "dataplane/dpdk/eal_log.h"
#include "statesync/ensure.h"
#include "statesync/wire/schema.h"

namespace dataplane {
namespace {

using statesync::kBatchMax;
using statesync::kKeySlots;
using statesync::kTagBytes;

// The nonce lies behind the operation, in its private area.
constexpr std::uint16_t kNonceOffset = sizeof(rte_crypto_op) + sizeof(rte_crypto_sym_op);
constexpr std::uint16_t kNonceAreaBytes = 16;
constexpr std::uint32_t kQueueDescriptors = 2'048;

rte_crypto_sym_xform AeadTransform(bool seal, const statesync::DirectionKey& key) {
  rte_crypto_sym_xform transform{};
  transform.type = RTE_CRYPTO_SYM_XFORM_AEAD;
  transform.aead.op = seal ? RTE_CRYPTO_AEAD_OP_ENCRYPT : RTE_CRYPTO_AEAD_OP_DECRYPT;
  transform.aead.algo = RTE_CRYPTO_AEAD_AES_GCM;
  transform.aead.key.data = key.bytes().data();
  transform.aead.key.length = statesync::kDirectionKeyBytes;
  transform.aead.iv.offset = kNonceOffset;
  transform.aead.iv.length = statesync::kNonceBytes;
  transform.aead.digest_length = kTagBytes;
  transform.aead.aad_length = sizeof(statesync::ClearHeader);
  return transform;
}

}  // namespace

struct Cipher::Memory {
  rte_mempool* session_pool = nullptr;
  rte_mempool* op_pool = nullptr;
  std::array<rte_crypto_op*, kBatchMax> ops{};

  ~Memory() {
    for (rte_crypto_op* op : ops) {
      if (op != nullptr) rte_crypto_op_free(op);
    }
    rte_mempool_free(op_pool);
    rte_mempool_free(session_pool);
  }
};

Cipher::Cipher() : memory_(std::make_unique<Memory>()) {}

absl::StatusOr<std::unique_ptr<Cipher>> Cipher::Create(const std::string& name,
                                                       bool prefer_openssl) {
  const char* const drivers[] = {prefer_openssl ? "crypto_openssl" : "crypto_aesni_gcm",
                                 prefer_openssl ? "crypto_aesni_gcm" : "crypto_openssl"};
  std::string complaints;
  for (const char* driver : drivers) {
    std::unique_ptr<Cipher> cipher(new Cipher);
    const absl::Status status = cipher->SetUp(absl::StrCat(driver, "_", name));
    if (status.ok()) return cipher;
    absl::StrAppend(&complaints, complaints.empty() ? "" : "; ", status.message());
  }
  return absl::NotFoundError(absl::StrCat("no AES-GCM from DPDK: ", complaints));
}

absl::Status Cipher::SetUp(const std::string& device) {
  (void)TakeEalComplaint();
  const auto failed = [&device](const char* step) {
    return absl::UnavailableError(absl::StrCat(device, ": ", step, ": ", TakeEalComplaint()));
  };
  if (const int result = rte_dev_probe(device.c_str()); result < 0 && result != -EEXIST) {
    return failed("probe");
  }
  const int id = rte_cryptodev_get_dev_id(device.c_str());
  if (id < 0) return failed("device id");
  id_ = static_cast<std::uint8_t>(id);
  device_ = device;

  const int socket = static_cast<int>(rte_socket_id());
  memory_->session_pool = rte_cryptodev_sym_session_pool_create(
      absl::StrCat("ses_", id).c_str(), 4 * kKeySlots,
      rte_cryptodev_sym_get_private_session_size(id_), 0, 0, socket);
  memory_->op_pool =
      rte_crypto_op_pool_create(absl::StrCat("ops_", id).c_str(), RTE_CRYPTO_OP_TYPE_SYMMETRIC,
                                2 * kBatchMax, 0, kNonceAreaBytes, socket);
  if (memory_->session_pool == nullptr || memory_->op_pool == nullptr) return failed("memory");
  const unsigned taken = rte_crypto_op_bulk_alloc(memory_->op_pool, RTE_CRYPTO_OP_TYPE_SYMMETRIC,
                                                  memory_->ops.data(), kBatchMax);
  if (taken != kBatchMax) return failed("operations");

  rte_cryptodev_config config{};
  config.socket_id = socket;
  config.nb_queue_pairs = 1;
  rte_cryptodev_qp_conf queue{};
  queue.nb_descriptors = kQueueDescriptors;
  queue.mp_session = memory_->session_pool;
  if (rte_cryptodev_configure(id_, &config) != 0) return failed("configure");
  if (rte_cryptodev_queue_pair_setup(id_, 0, &queue, socket) != 0) return failed("queue pair");
  if (rte_cryptodev_start(id_) != 0) return failed("start");
  started_ = true;
  return absl::OkStatus();
}

Cipher::~Cipher() {
  for (Slot& slot : slots_) Empty(slot);
  if (started_) {
    rte_cryptodev_stop(id_);
    (void)rte_cryptodev_close(id_);
  }
}

void Cipher::Empty(Slot& slot) noexcept {
  if (slot.seal != nullptr) (void)rte_cryptodev_sym_session_free(id_, slot.seal);
  if (slot.open != nullptr) (void)rte_cryptodev_sym_session_free(id_, slot.open);
  slot = {};
}

bool Cipher::Apply(const statesync::KeyChange& change) noexcept {
  ENSURE(change.slot < slots_.size());
  Slot& slot = slots_[change.slot];
  Empty(slot);
  if (change.action == statesync::KeyAction::kRemove) return true;
  rte_crypto_sym_xform seal = AeadTransform(true, change.send);
  rte_crypto_sym_xform open = AeadTransform(false, change.receive);
  slot.seal = rte_cryptodev_sym_session_create(id_, &seal, memory_->session_pool);
  slot.open = rte_cryptodev_sym_session_create(id_, &open, memory_->session_pool);
  if (slot.seal != nullptr && slot.open != nullptr) return true;
  Empty(slot);
  return false;
}

void Cipher::SealBatch(std::span<CipherItem> items) noexcept { Run(items, true); }
void Cipher::OpenBatch(std::span<CipherItem> items) noexcept { Run(items, false); }

// The drivers are software: what was enqueued comes back, in order, by the time it is dequeued.
void Cipher::Run(std::span<CipherItem> items, bool seal) noexcept {
  ENSURE(items.size() <= kBatchMax);
  std::array<rte_crypto_op*, kBatchMax> ops;
  std::array<std::uint8_t, kBatchMax> item_of;
  std::uint16_t count = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    CipherItem& item = items[i];
    item.good = false;
    ENSURE(item.slot < slots_.size());
    void* const session = seal ? slots_[item.slot].seal : slots_[item.slot].open;
    if (session == nullptr) continue;
    rte_crypto_op* const op = memory_->ops[count];
    // An operation keeps the status of its last use, and a driver may leave it: a forged frame
    // would pass as the success before it.
    __rte_crypto_op_reset(op, RTE_CRYPTO_OP_TYPE_SYMMETRIC);
    op->status = RTE_CRYPTO_OP_STATUS_NOT_PROCESSED;
    (void)rte_crypto_op_attach_sym_session(op, session);
    std::memcpy(rte_crypto_op_ctod_offset(op, std::uint8_t*, kNonceOffset), item.nonce.data(),
                item.nonce.size());
    const std::uint32_t text = item.header_offset + std::uint32_t{sizeof(statesync::ClearHeader)};
    rte_crypto_sym_op& sym = *op->sym;
    sym.m_src = item.frame;
    sym.m_dst = nullptr;
    sym.aead.data.offset = text;
    sym.aead.data.length = item.text_bytes;
    sym.aead.aad.data = rte_pktmbuf_mtod_offset(item.frame, std::uint8_t*, item.header_offset);
    sym.aead.aad.phys_addr = rte_pktmbuf_iova_offset(item.frame, item.header_offset);
    sym.aead.digest.data =
        rte_pktmbuf_mtod_offset(item.frame, std::uint8_t*, text + item.text_bytes);
    sym.aead.digest.phys_addr = rte_pktmbuf_iova_offset(item.frame, text + item.text_bytes);
    item_of[count] = static_cast<std::uint8_t>(i);
    ops[count++] = op;
  }
  const std::uint16_t enqueued = rte_cryptodev_enqueue_burst(id_, 0, ops.data(), count);
  std::uint16_t done = 0;
  std::array<rte_crypto_op*, kBatchMax> finished;
  for (int attempt = 0; done < enqueued && attempt < 1'000; ++attempt) {
    done = static_cast<std::uint16_t>(
        done + rte_cryptodev_dequeue_burst(id_, 0, finished.data() + done,
                                           static_cast<std::uint16_t>(enqueued - done)));
  }
  ENSURE(done == enqueued);  // An operation left behind would come back in another batch.
  for (std::uint16_t i = 0; i < done; ++i) {
    items[item_of[i]].good = ops[i]->status == RTE_CRYPTO_OP_STATUS_SUCCESS;
  }
}

}  // namespace dataplane
