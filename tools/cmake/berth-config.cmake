# SPDX-License-Identifier: MIT
#
# find_package(berth): the target berth::protocol (the contract's header) and
# the function berth_add_protocol(). See protocols/README.md.
include("${CMAKE_CURRENT_LIST_DIR}/berth-targets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/BerthProtocol.cmake")
