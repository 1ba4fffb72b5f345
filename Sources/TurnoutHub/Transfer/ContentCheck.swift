import Crypto

/// Compares a file's content with what its name in the cache says.
struct ContentCheck {
    private var sha256: SHA256?
    private var sha1: Insecure.SHA1?
    private let expected: BlobName

    init(_ expected: BlobName, size: Int64) {
        self.expected = expected
        switch expected.checksum {
        case .sha256: sha256 = SHA256()
        case .gitSHA1:
            // git hashes "blob", the length, a zero byte, then the content.
            var hash = Insecure.SHA1()
            hash.update(data: Array("blob \(size)\0".utf8))
            sha1 = hash
        case .unknown: break
        }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bufferPointer: bytes)
        sha1?.update(bufferPointer: bytes)
    }

    /// The checksum that the content has, where it is not the one promised.
    func mismatch() -> String? {
        guard
            let actual = sha256.map({ Hexadecimal.text($0.finalize()) })
                ?? sha1.map({ Hexadecimal.text($0.finalize()) })
        else { return nil }
        return actual == expected.text ? nil : actual
    }
}
