import NIOCore

extension ByteBuffer {
    /// The readable bytes with others in place of a range, which counts from the first readable one.
    func replacing(_ range: Range<Int>, with text: String) -> ByteBuffer {
        var result = ByteBufferAllocator().buffer(capacity: readableBytes - range.count + text.utf8.count)
        withUnsafeReadableBytes { bytes in
            _ = result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<range.lowerBound]))
            result.writeString(text)
            _ = result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range.upperBound...]))
        }
        return result
    }
}
