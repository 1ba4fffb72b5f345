import Testing
import TurnoutNumerics

@Suite("Cosines with many vectors")
struct CosineTableTests {
    @Test(
        "they are those of the vectors to within the rounding to bytes, on every instruction set, odd widths included")
    func accurate() {
        var samples = KernelSamples(seed: 11)
        for (rows, width) in [(1, 1), (3, 2), (4, 7), (5, 16), (9, 31), (64, 33), (17, 256), (6, 384), (2, 1025)] {
            let matrix = Matrix(rows: rows, columns: width, storage: samples.floats(rows * width))
            let query = samples.floats(width)
            for kernels in Kernels.available {
                let cosines = CosineTable(matrix, kernels: kernels).cosines(to: query)
                for row in 0..<rows {
                    let exact = cosine(query, Array(matrix[row: row]))
                    #expect(abs(Double(cosines[row]) - exact) < 0.01, "\(kernels.name) \(rows) x \(width)")
                }
            }
        }
    }

    @Test("every instruction set gives the same bits")
    func sameBits() {
        var samples = KernelSamples(seed: 12)
        for (rows, width) in [(37, 75), (8, 1), (9, 3), (70, 15), (33, 16), (40, 31), (12, 32), (50, 270)] {
            let matrix = samples.matrix(rows, width)
            let query = samples.floats(width)
            let all = Kernels.available.map { CosineTable(matrix, kernels: $0).cosines(to: query) }
            for cosines in all { #expect(cosines == all[0], "\(rows) x \(width)") }
        }
    }

    @Test("the nearest rows are those of all cosines in order, for any number of them")
    func nearest() {
        var samples = KernelSamples(seed: 13)
        for rows in [1, 17, 1024, 1300] {
            // Numbers from -1 to 1 in halves: most rows stand in the table several times, so that ties abound.
            let matrix = Matrix(
                rows: rows, columns: 3, storage: samples.floats(rows * 3).map { ($0 * 2).rounded() / 2 })
            let table = CosineTable(matrix)
            for query in [samples.floats(3), [1, 0, 0], [0, 0, 0]] {
                let cosines = table.cosines(to: query)
                for k in [1, 100, 2000] {
                    #expect(table.nearest(k, to: query) == NaiveKernels.nearest(k, of: cosines))
                }
            }
        }
    }

    @Test("of equally near rows those with the least numbers come first")
    func ties() {
        let table = CosineTable(Matrix(rows: 99, columns: 2, storage: (0..<99).flatMap { [Float($0 % 3), 1] }))
        #expect(table.nearest(4, to: [1, 0]).map(\.row) == [2, 5, 8, 11])
        #expect(table.nearest(40, to: [1, 0]).map(\.row).suffix(7) == [1, 4, 7, 10, 13, 16, 19])
        #expect(CosineTable(Matrix(rows: 0, columns: 2)).nearest(3, to: [1, 1]).isEmpty)
    }

    @Test("numbers that bytes hold exactly lose nothing but the query's rounding")
    func exact() {
        let matrix = Matrix(rows: 2, columns: 3, storage: [127, 0, 64, -127, 12, 1])
        let cosines = CosineTable(matrix).cosines(to: [1, 2, 3])
        #expect(abs(Double(cosines[0]) - cosine([1, 2, 3], [127, 0, 64])) < 1e-4)
        #expect(abs(Double(cosines[1]) - cosine([1, 2, 3], [-127, 12, 1])) < 1e-4)
    }

    @Test("a row or a query of zeros has cosine zero, and a table without rows has none")
    func zeros() {
        let table = CosineTable(Matrix(rows: 2, columns: 2, storage: [0, 0, 3, 4]))
        #expect(table.cosines(to: [3, 4])[0] == 0 && abs(table.cosines(to: [3, 4])[1] - 1) < 1e-4)
        #expect(table.cosines(to: [0, 0]) == [0, 0])
        #expect(CosineTable(Matrix(rows: 0, columns: 2)).cosines(to: [1, 1]).isEmpty)
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func sum(_ x: [Float], _ y: [Float]) -> Double { zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return sum(a, b) / (sum(a, a) * sum(b, b)).squareRoot()
    }
}
